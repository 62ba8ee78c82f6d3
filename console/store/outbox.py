"""Publishing facts after the transaction that made them: they wait in a table until Redis has taken them.

Facts are appended in the transaction that changes the rows. Once that has committed, whoever comes first publishes
everything that waits, in the order of the outbox: a transaction that had to wait for another's row appends its facts
later, so of one SIM the newer state is always published after the older. One relay at a time publishes, by an advisory
lock. If it dies after Redis has taken the facts and before the rows are deleted, the next one finds the rows again; the
script in Redis knows their ids and publishes them only once.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from console import facts, metrics
from console.log import logger
from console.store.coalescing import Coalescing
from console.store.giving_way import by_parts
from console.store.locks import LAZY_COMMIT, AdvisoryLock, transaction_lock
from console.store.metadata import metadata

CHANNEL = "live"
STREAM = "live:stream"
EPOCH = "live:epoch"
SEQUENCE = "live:seq"
PUBLISHED = "live:published"
KEPT = 50_000  # facts that a client may have missed and still get: minutes at full load, some 25 MB
AT_ONCE = 100  # transactions whose facts are published in one step, at the most,
FACTS_AT_ONCE = 2_000  # and facts: Redis does nothing else meanwhile

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("items", sa.Text, nullable=False),  # one a line
    sa.Column("facts", sa.Integer, nullable=False),  # how many items, so that nobody has to open them to know
)

# The epoch begins with the server's own run id, so a restart begins a new one, with or without data; and it ends with
# the moment of its beginning, so a Redis that has lost everything begins a new one too.
EPOCH_SCRIPT = """
local run = string.sub(string.match(redis.call('INFO', 'server'), 'run_id:(%w+)'), 1, 8)
local epoch = redis.call('GET', KEYS[1])
if not epoch or string.sub(epoch, 1, 8) ~= run then
  local time = redis.call('TIME')
  epoch = run .. string.format('%08x', (time[1] * 1000 + math.floor(time[2] / 1000)) % 4294967296)
  redis.call('SET', KEYS[1], epoch)
  redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
end
"""
POSITION_SCRIPT = EPOCH_SCRIPT + "return {epoch, redis.call('GET', KEYS[2]) or '0'}"

# One step in Redis: number the facts, remember them, publish them. An item is organization, kind, subject and JSON,
# with tabs between.
PUBLISH_SCRIPT = (
    EPOCH_SCRIPT
    + """
local now = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - 600)
local first, seq, out, at = nil, nil, {}, 4
for _ = 1, tonumber(ARGV[3]) do
  if redis.call('ZADD', KEYS[4], 'NX', now, ARGV[at]) == 1 then
    for item in string.gmatch(ARGV[at + 1], '[^\\n]+') do
      seq = redis.call('INCR', KEYS[2])
      first = first or seq
      redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[1], seq .. '-0', 'f', item)
      out[#out + 1] = item
    end
  end
  at = at + 2
end
if first then
  redis.call('PUBLISH', 'live', epoch .. '\\t' .. first .. '\\t' .. ARGV[2] .. '\\n' .. table.concat(out, '\\n'))
end
return #out
"""
)
KEYS = (EPOCH, SEQUENCE, STREAM, PUBLISHED)


async def position(redis: Redis) -> tuple[str, int]:
    """The epoch, and the number of the last fact published in it; begins an epoch if Redis has none of its own."""
    epoch, seq = await redis.eval(POSITION_SCRIPT, len(KEYS), *KEYS)  # type: ignore[misc]
    return epoch.decode(), int(seq)


def item(organization_id: int, fact: facts.Fact) -> str:
    """A fact as one line of text: its address stands before the body, so that no hub decodes it."""
    return f"{organization_id}\t{facts.kind(fact)}\t{fact.subject or ''}\t{facts.encode(fact).decode()}"


async def append_facts(connection: AsyncConnection, items: Sequence[str]) -> None:
    """Append facts in the transaction that made them true. Call it last, with every row already changed.

    Many become several rows, in their order: Redis does nothing else while it takes one.
    """
    async for part in by_parts(items, FACTS_AT_ONCE):
        await connection.execute(sa.insert(outbox).values(items="\n".join(part), facts=len(part)).inline())


def _first() -> "sa.Select[Any]":
    """The first that wait, in their order."""
    waiting = sa.select(outbox.c.id, outbox.c.facts).order_by(outbox.c.id).limit(AT_ONCE).subquery()
    before = sa.func.sum(waiting.c.facts).over(order_by=waiting.c.id) - waiting.c.facts
    counted = sa.select(waiting.c.id, before.label("before")).subquery()
    chosen = sa.select(counted.c.id).where(counted.c.before < FACTS_AT_ONCE)
    return sa.select(outbox.c.id, outbox.c["items"]).where(outbox.c.id.in_(chosen)).order_by(outbox.c.id)


class FactRelay:
    """Publishes what waits in the outbox. Calls that come while it is at work share one more run."""

    def __init__(self, engine: AsyncEngine, redis: Redis) -> None:
        self._engine = engine
        self._in_turn = transaction_lock(AdvisoryLock.FACT_RELAY).add_columns(LAZY_COMMIT)
        self._first = _first()
        published = sa.bindparam("published", type_=sa.ARRAY(outbox.c.id.type))
        self._remove = sa.delete(outbox).where(outbox.c.id == sa.func.any(published))
        self._script = redis.register_script(PUBLISH_SCRIPT)
        self._coalescing = Coalescing(self._publish_all)

    async def publish_waiting(self) -> int:
        """Publish all that was committed before this call; how many facts Redis took. They stay if Redis is down."""
        return await self._coalescing.run()

    async def _publish_all(self) -> int:
        published = 0
        try:
            more = True
            while more:
                some, more = await self._publish_some()
                published += some
        except (RedisError, OSError, TimeoutError, sa.exc.DBAPIError) as error:
            metrics.publish_failures.inc()
            logger(__name__).warning("publishing failed, the outbox keeps the facts", reason=str(error))
        return published

    async def _publish_some(self) -> tuple[int, bool]:
        """How many facts Redis took, and whether more may wait."""
        async with self._engine.begin() as connection:
            await connection.execute(self._in_turn)
            rows = (await connection.execute(self._first)).all()
            if not rows:
                return 0, False
            arguments: list[str | int] = [KEPT, repr(time.time()), len(rows)]
            for row in rows:
                arguments += [row.id, row.items]
            published = int(await self._script(keys=KEYS, args=arguments))
            await connection.execute(self._remove, {"published": [row.id for row in rows]})
        kinds = Counter(line.split("\t", 2)[1] for row in rows for line in row.items.split("\n"))
        for kind, number in kinds.items():
            metrics.facts_published.labels(kind).inc(number)
        return published, len(rows) == AT_ONCE or kinds.total() >= FACTS_AT_ONCE
