"""What one would write with FastAPI, pydantic and SQLAlchemy's ORM: the same tables, key check, limit and count.

Runs in an environment of its own. `DATABASE_URL`, `REDIS_URL`, and in `TAKE` the console's own script of the limit,
come from the environment; the port is the argument.
"""

# mypy: ignore-errors
import hashlib
import os
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from fastapi_tables import FIELDS, ApiKey, Day, Event, Number, Organization, Sim, Words
from pydantic import BaseModel, ConfigDict
from redis.asyncio import Redis
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

LIMIT = 1200  # requests a minute
engine = create_async_engine(
    os.environ["DATABASE_URL"],
    pool_size=10,
    max_overflow=0,
    connect_args={"server_settings": {"jit": "off", "timezone": "UTC"}},
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
redis = Redis.from_url(os.environ["REDIS_URL"])
take = redis.register_script(os.environ["TAKE"])


class Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


SimOut = type("SimOut", (Answer,), {"__annotations__": {"iccid": str, **FIELDS}, "__module__": __name__})


class Page(Answer):
    items: list[SimOut]
    page_size: int
    next_cursor: str | None
    total: int


class Bucket(Answer):
    bucket: datetime
    data_bytes: int
    derived_bytes: int
    sms: int


class Usage(Answer):
    by: str
    items: list[Bucket]


class EventOut(Answer):
    id: int
    time: datetime
    iccid: Words
    type: Number
    name: str
    severity: str
    description: str
    operator: Words
    country: Words
    cause: Words
    sent: Words


class Events(Answer):
    items: list[EventOut]
    page_size: int
    next_cursor: int | None
    total: int


app = FastAPI()


async def database() -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(database)]


async def key_of(session: Session, x_api_key: Annotated[str, Header()] = "") -> Any:
    query = select(ApiKey, Organization.name).join(Organization, Organization.id == ApiKey.organization_id)
    secret = hashlib.sha256(x_api_key.encode()).digest()
    holds = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > datetime.now(UTC))
    found = (
        await session.execute(query.where(ApiKey.secret_hash == secret, ApiKey.revoked_at.is_(None), holds))
    ).first()
    if found is None:
        raise HTTPException(401)
    now = time.time()
    keys = [f"fastapi:{found[0].id}:{int(now // 60) - back}" for back in (0, 1)]
    present, before = await take(keys=keys, args=[LIMIT, 1 - now % 60 / 60, 125])
    if int(present) + int(int(before) * (1 - now % 60 / 60)) >= LIMIT:
        raise HTTPException(429)
    return found[0]


Key = Annotated[ApiKey, Depends(key_of)]


async def sim_of(session: Session, key: Key, iccid: str) -> Any:
    found = await session.scalar(select(Sim).where(Sim.organization_id == key.organization_id, Sim.iccid == iccid))
    if found is None:
        raise HTTPException(404)
    return found


@app.get("/api/v1/sims")
async def sims(
    session: Session,
    key: Key,
    page_size: Annotated[int, Query(ge=1, le=500)] = 50,
    q: str | None = None,
    country: str | None = None,
    connection: str | None = None,
) -> Page:
    mine = [Sim.organization_id == key.organization_id, Sim.watched]
    if q is not None:
        mine.append(Sim.label.icontains(q, autoescape=True))
    if country is not None:
        mine.append(Sim.country == country)
    if connection is not None:
        mine.append(Sim.connection == connection)
    total = await session.scalar(select(func.count()).select_from(Sim).where(*mine))
    rows = (await session.scalars(select(Sim).where(*mine).order_by(Sim.iccid).limit(page_size + 1))).all()
    cursor = rows[page_size - 1].iccid if len(rows) > page_size else None
    return Page(items=rows[:page_size], page_size=page_size, next_cursor=cursor, total=total)


@app.get("/api/v1/sims/{iccid}")
async def one_sim(sim: Annotated[Any, Depends(sim_of)]) -> SimOut:
    return sim


@app.get("/api/v1/sims/{iccid}/usage")
async def usage(session: Session, key: Key, sim: Annotated[Any, Depends(sim_of)]) -> Usage:
    since = datetime.now(UTC) - timedelta(days=30)
    wanted = (Day.organization_id == key.organization_id, Day.iccid == sim.iccid, Day.bucket >= since)
    return Usage(by="day", items=(await session.scalars(select(Day).where(*wanted).order_by(Day.bucket))).all())


@app.get("/api/v1/sims/{iccid}/events")
async def events(
    session: Session,
    key: Key,
    sim: Annotated[Any, Depends(sim_of)],
    page_size: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Events:
    mine = (Event.organization_id == key.organization_id, Event.iccid == sim.iccid)
    total = await session.scalar(select(func.count()).select_from(Event).where(*mine))
    newest = select(Event).where(*mine).order_by(Event.time.desc(), Event.id.desc()).limit(page_size + 1)
    rows = (await session.scalars(newest)).all()
    cursor = rows[page_size - 1].id if len(rows) > page_size else None
    return Events(items=rows[:page_size], page_size=page_size, next_cursor=cursor, total=total)


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
