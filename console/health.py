"""Is the house well: for load balancers, for programs, for people. Needs no sign-in and tells no secret."""

import asyncio
from collections.abc import Awaitable, Callable

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from msgspec import Struct
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from console.live.feed import Feed
from console.migrate import newest, revision
from console.store.database import Database

PATIENCE_SECONDS = 3.0


class Part(Struct, frozen=True, kw_only=True):
    """A part that the web server cannot do without, or (needed=False) can for a while."""

    name: str
    well: bool
    found: str
    needed: bool = True


class Health(Struct, frozen=True, kw_only=True):
    """`ok`: all is well; `degraded`: it answers, but something is missing; `down`: it can't answer for the fleet."""

    status: str
    services: list[Part]


class Alive(Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: str = "ok"


async def examine(db: Database, feed: Feed) -> Health:
    """Look at every part at the same time."""
    looks = (
        _look("database", _database, db),
        _look("migrations", _migrations, db),
        _look("redis", _redis, db, needed=False),
    )
    parts = list(await asyncio.gather(*looks))
    parts.append(Part(name="live", well=feed.up, found="follows" if feed.up else "reconnects", needed=False))
    if any(part.needed and not part.well for part in parts):
        return Health(status="down", services=parts)
    return Health(status="ok" if all(part.well for part in parts) else "degraded", services=parts)


async def _look(name: str, look: Callable[[Database], Awaitable[str]], db: Database, *, needed: bool = True) -> Part:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return Part(name=name, well=True, found=await look(db), needed=needed)
    except (SQLAlchemyError, RedisError, OSError, TimeoutError, LookupError) as error:
        found = str(error) if isinstance(error, LookupError) else "does not answer"
        return Part(name=name, well=False, found=found, needed=needed)


async def _database(db: Database) -> str:
    async with db.reading() as connection:
        await connection.execute(text("SELECT 1"))
    return "answers"


async def _migrations(db: Database) -> str:
    async with db.engine.connect() as connection:
        at = await connection.run_sync(revision)
    if at != newest():
        raise LookupError(f"at {at or 'nothing'}, needs {newest()}: run `console migrate`")
    return f"at {at}"


async def _redis(db: Database) -> str:
    info = await db.redis.info("server")
    return "answers" if info else "answers nothing"


DOWN = ResponseSpec(Health, description="The fleet can't be answered for.", generate_examples=False)


@get(["/", "/ready", "/services"], summary="Is the house well", responses={503: DOWN})
async def health(db: NamedDependency[Database], feed: NamedDependency[Feed]) -> Response[Health]:
    """503 when the fleet can't be answered for. Redis away alone is `degraded`: pages answer, but do not move."""
    found = await examine(db, feed)
    return Response(found, status_code=503 if found.status == "down" else 200, headers={"Cache-Control": "no-store"})


@get("/live", summary="Is this process alive")
async def alive() -> Alive:
    """It answers: asks nothing of the database or Redis."""
    return Alive()


def router(*, in_schema: bool) -> Router:
    """Served with the API's prefix and without; described once."""
    return Router("/health", route_handlers=[health, alive], tags=["Health"], include_in_schema=in_schema, security=[])
