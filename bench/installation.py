"""The installation that benchmarks measure: its own PostgreSQL and Valkey in a temporary folder, one organization."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from console.api_keys.writes import put_key
from console.members.writes import put_user
from console.migrate import migrate
from console.organizations.rules import PERMISSIONS, Role
from console.organizations.writes import put
from console.settings import Settings
from console.store.database import Database, open_database
from console.trial import PostgresServer, ValkeyServer

SECRET = "a-secret-key-for-benchmarks-alone-0123456789"
STREAMER = ("streamer", "streamer-password")
USER = ("ada", "correct horse battery")


class Installation(Struct, frozen=True, kw_only=True):
    """A migrated database with one organization `acme`, its user and an account at the simulated 1NCE."""

    settings: Settings
    db: Database
    organization_id: int

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its processes."""
        known = self.settings
        return {
            "DATABASE_URL": known.database_url,
            "REDIS_URL": known.redis_url,
            "SECRET_KEY": known.secret_key,
            "LOG_LEVEL": "WARNING",
        }

    async def keys(self, number: int) -> list[str]:
        """So many API keys of the organization."""
        now = datetime.now(UTC)
        async with self.db.transaction() as transaction:
            return [
                await put_key(transaction, self.organization_id, f"program {n}", PERMISSIONS[Role.VIEWER], now)
                for n in range(number)
            ]


@asynccontextmanager
async def new_installation(
    *, once: str = "http://127.0.0.1:9/management-api", rate: float = 10.0
) -> AsyncIterator[Installation]:
    """Start one, and remove it after the block. PostgreSQL is as durable as in production."""
    folder = _folder()
    postgres, valkey = PostgresServer(folder / "postgres"), ValkeyServer(folder / "valkey")
    try:
        settings = Settings(
            database_url=await postgres.start(),
            redis_url=await valkey.start(),
            secret_key=SECRET,
            once_base_url=once,
            once_requests_per_second=rate,
        )
        db = open_database(settings.database_url, settings.redis_url)
        try:
            async with db.engine.connect() as connection:
                await connection.run_sync(migrate)
            yield Installation(settings=settings, db=db, organization_id=await _settled(db, settings))
        finally:
            await db.close()
    finally:
        await postgres.stop(seconds=5)
        await valkey.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o755)  # PostgreSQL does not run as root, and must get in
    return folder


async def _settled(db: Database, settings: Settings) -> int:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        organization_id = await put(
            transaction,
            settings,
            "acme",
            "Acme",
            now,
            client_id="demo",
            client_secret="demo-secret",
            streamer_username=STREAMER[0],
            streamer_password=STREAMER[1],
        )
        await put_user(transaction, organization_id, USER[0], Role.ADMIN, USER[1], now)
    return organization_id
