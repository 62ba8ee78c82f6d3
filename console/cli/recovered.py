"""What has to happen to a database that PostgreSQL itself has recovered to a moment, before anybody uses it."""

from datetime import UTC, datetime

import asyncpg  # type: ignore[import-untyped]
from msgspec import Struct

from console.acting import acting
from console.cli import restored
from console.cli.postgres_programs import connect
from console.cli.printing import at_the_shell
from console.cli.restoring import OTHERS, finish
from console.errors import Conflict, NotReady
from console.settings import Settings
from console.store.database import Database, open_database


class Recovered(Struct, frozen=True, kw_only=True):
    """What of a recovered database was ended, so that nothing is done twice."""

    as_of: datetime
    ended: dict[str, int]


async def take_over(known: Settings, as_of: datetime) -> Recovered:
    """As after a restored backup: nothing that waited is sent by itself, all sign in again, Redis is emptied.

    Raises Conflict while anybody else is connected or PostgreSQL still recovers, NotReady if it does not answer.
    """
    await _may_be_taken_over(known.owner_url)
    heads = await restored.flush_redis(known.redis_url)
    ended = await finish(known.owner_url, as_of, datetime.now(UTC))
    db: Database = open_database(known.owner_url, known.redis_url, connections=1)
    try:
        async with (
            db.transaction() as transaction,
            acting(transaction, at_the_shell(), "database.restore", "recovered by PostgreSQL") as act,
        ):
            act.after = {"as_of": as_of.isoformat(), "ended": ended, "audit_heads_before": heads}
    finally:
        await db.close()
    return Recovered(as_of=as_of, ended=ended)


async def _may_be_taken_over(url: str) -> None:
    try:
        connection = await connect(url)
    except (OSError, asyncpg.PostgresError) as error:
        raise NotReady(f"The database can't be used: {error}") from error
    try:
        if await connection.fetchval("SELECT pg_is_in_recovery()"):
            raise Conflict("PostgreSQL is still recovering: wait until it takes changes")
        if others := await connection.fetchval(f"SELECT count(*) FROM pg_stat_activity WHERE {OTHERS}"):
            raise Conflict(f"The database is in use ({others} connections): stop web, worker and whatever else uses it")
    finally:
        await connection.close()
