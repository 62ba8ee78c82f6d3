"""Health checks for load balancers, programs and people. They need no sign-in and answer no secret."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from msgspec import Meta, Struct
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from console.audit.condition import every_chain
from console.http.authentication import Access
from console.http.route_options import FOR_PROGRAMS, QUIET
from console.live.feed import Feed
from console.migrate import newest, revision
from console.store.database import Database
from console.store.replica import UnusableReplica, described
from console.store.timescale import failed_jobs, find_edition
from console.streamer.checks import check_streams, check_waiting

PATIENCE_SECONDS = 3.0
HELD_SECONDS = 1.0  # a public address: however many ask, the parts are checked once a second


class HealthCheck(Struct, frozen=True, kw_only=True):
    """The check of one part. One that is not required may fail without a 503."""

    name: Annotated[str, Meta(description="The part that is checked.", examples=["database"])]
    healthy: Annotated[bool, Meta(description="Whether it works.", examples=[True])]
    detail: Annotated[str, Meta(description="What the check found.", examples=["answers"])]
    required: Annotated[bool, Meta(description="Whether the console can't answer without it.", examples=[True])] = True


class Health(Struct, frozen=True, kw_only=True):
    """`ok`: every check passes; `degraded`: a check that is not required fails; `down`: a required one fails."""

    status: Annotated[str, Meta(description="`ok`, `degraded` or `down`.", examples=["ok"])]
    services: Annotated[list[HealthCheck], Meta(description="The check of each part.")]


class Liveness(Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: Annotated[str, Meta(description="`ok`.", examples=["ok"])] = "ok"


async def examine(db: Database, feed: Feed) -> Health:
    """Check every part at the same time, each for at most PATIENCE_SECONDS."""
    looks = [
        _look("database", _database, db),
        _look("migrations", _migrations, db),
        _look("redis", _redis, db, required=False),
        _look("streamer", _streamer, db, required=False),
        _look("intake", _intake, db, required=False),
        _look("timescaledb", _timescaledb, db, required=False),
        _look("audit", _audit, db, required=False),
    ]
    if db.replica.is_set:
        looks.append(_look("replica", _replica, db, required=False))
    parts = list(await asyncio.gather(*looks))
    parts.append(
        HealthCheck(name="live", healthy=feed.up, detail="follows" if feed.up else "reconnects", required=False)
    )
    if any(part.required and not part.healthy for part in parts):
        return Health(status="down", services=parts)
    return Health(status="ok" if all(part.healthy for part in parts) else "degraded", services=parts)


class HealthChecks:
    """Answers everybody who asks within HELD_SECONDS of a check with what it found."""

    def __init__(self, db: Database, feed: Feed) -> None:
        self._db, self._feed = db, feed
        self._lock = asyncio.Lock()
        self._found: Health | None = None
        self._until = 0.0

    async def health(self) -> Health:
        """What the newest check found."""
        async with self._lock:
            if self._found is None or time.monotonic() >= self._until:
                self._found = await examine(self._db, self._feed)
                self._until = time.monotonic() + HELD_SECONDS
            return self._found


async def _look(
    name: str, look: Callable[[Database], Awaitable[str]], db: Database, *, required: bool = True
) -> HealthCheck:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return HealthCheck(name=name, healthy=True, detail=await look(db), required=required)
    except (SQLAlchemyError, RedisError, OSError, TimeoutError, LookupError) as error:
        detail = str(error) if isinstance(error, LookupError) else "does not answer"
        return HealthCheck(name=name, healthy=False, detail=detail, required=required)


async def _database(db: Database) -> str:
    async with db.reading() as connection:
        await connection.execute(text("SELECT 1"))
    return "answers"


async def _migrations(db: Database) -> str:
    async with db.engine.connect() as connection:
        at = await connection.run_sync(revision)
    needed = newest() or ""
    if (at or "") < needed:
        raise LookupError(f"at {at or 'nothing'}, needs {needed}: run `console migrate`")
    return f"at {at}" if at == needed else f"at {at}, newer than this version's {needed}"  # an upgrade, or the way back


async def _redis(db: Database) -> str:
    info = await db.redis.info("server")
    return "answers" if info else "answers nothing"


async def _streamer(db: Database) -> str:
    async with db.reading() as connection:
        return await check_streams(connection)


async def _intake(db: Database) -> str:
    async with db.reading() as connection:
        return await check_waiting(connection, datetime.now(UTC))


async def _timescaledb(db: Database) -> str:
    async with db.engine.connect() as connection:
        if failed := await connection.run_sync(failed_jobs):
            raise LookupError("failed: " + ", ".join(failed))
        return str((await connection.run_sync(find_edition)).edition)


async def _replica(db: Database) -> str:
    try:
        return described(await db.replica.reached())
    except UnusableReplica as error:
        raise LookupError(f"{error}: exports and charts ask the primary") from error


async def _audit(db: Database) -> str:
    now = datetime.now(UTC)
    async with db.reading() as connection:
        found = await every_chain(connection)
    if broken := sum(one.fault is not None for one in found):
        raise LookupError(f"changed: {broken} of {len(found)} chains do not hold; run `console audit verify`")
    if any(one.sealing_is_late(now) for one in found):
        raise LookupError("lines wait for their seal: does a worker run?")
    if any(one.verification_is_late(now) for one in found):
        raise LookupError("not verified for more than a day: does a worker run?")
    return "sealed, and holds as far as it was verified"


DOWN = ResponseSpec(Health, description="The fleet can't be answered for.", generate_examples=False)


@get(["/", "/ready", "/services"], summary="Whether the console works", responses={503: DOWN})
async def health(health_checks: NamedDependency[HealthChecks]) -> Response[Health]:
    """503 when the fleet can't be answered for. Redis down alone is `degraded`: pages answer, but do not move."""
    found = await health_checks.health()
    return Response(found, status_code=503 if found.status == "down" else 200, headers={"Cache-Control": "no-store"})


@get("/live", summary="Whether this process answers")
async def liveness() -> Liveness:
    """It answers: asks nothing of the database or Redis."""
    return Liveness()


def router(*, in_schema: bool) -> Router:
    """Served with the API's prefix and without; described once."""
    return Router(
        "/health",
        route_handlers=[health, liveness],
        tags=["Health"],
        include_in_schema=in_schema,
        security=[],
        opt={"access": Access.PUBLIC, FOR_PROGRAMS: True, QUIET: not in_schema},
    )
