"""The least that answers the same: a bare ASGI application on uvicorn, asyncpg, the key and the limit checked.

`DATABASE_URL` and `REDIS_URL` come from the environment; the port is the argument.
"""

import hashlib
import os
import sys
import time
from typing import Any
from urllib.parse import parse_qsl

import asyncpg  # type: ignore[import-untyped]
import msgspec
import uvicorn
from redis.asyncio import Redis

from console.facts.sims import SimState
from console.http.windows import TAKE

LIMIT = 1200  # requests a minute
KEY = (
    "SELECT k.id, k.organization_id, k.scopes, k.networks, k.last_used_at, o.name FROM api_keys k"
    " JOIN organizations o ON o.id = k.organization_id WHERE k.secret_hash = $1 AND k.revoked_at IS NULL"
    " AND (k.expires_at IS NULL OR k.expires_at > now())"
)
FIELDS = ", ".join(SimState.__struct_fields__)
ONE = f"SELECT {FIELDS} FROM sim_states WHERE organization_id = $1 AND iccid = $2"
WANTED = {  # by the parameters of a list, in their order
    (): "",
    ("country", "connection"): " AND country = $2 AND connection = $3",
    ("q",): " AND label ILIKE '%' || $2 || '%'",
}
COUNT = "SELECT count(*) FROM sim_states WHERE organization_id = $1 AND watched"
ROWS = (
    f"SELECT {FIELDS} FROM (SELECT organization_id, iccid FROM sim_states WHERE organization_id = $1 AND watched{{}}"
    " ORDER BY iccid LIMIT 51) AS chosen JOIN sim_states USING (organization_id, iccid) ORDER BY iccid"
)
EVENT = "id, time, iccid, type, name, severity, description, operator, country, cause, sent"
EVENTS = (
    f"SELECT {EVENT} FROM network_events WHERE organization_id = $1 AND iccid = $2 ORDER BY time DESC, id DESC LIMIT 51"
)
COUNT_EVENTS = "SELECT count(*) FROM network_events WHERE organization_id = $1 AND iccid = $2"
USAGE = (
    "SELECT bucket AS time, data_bytes, derived_bytes, sms FROM usage_daily WHERE organization_id = $1 AND iccid = $2"
    " AND bucket >= now() - interval '30 days' ORDER BY bucket"
)


SESSION = {"jit": "off", "timezone": "UTC", "join_collapse_limit": "12", "from_collapse_limit": "12"}  # the console's


class Floor:
    """The application."""

    pool: asyncpg.Pool
    redis: "Redis"
    script: Any

    async def start(self) -> None:
        """Connect to both."""

        async def ready(connection: asyncpg.Connection) -> None:
            await connection.set_type_codec("jsonb", encoder=str, decoder=msgspec.json.decode, schema="pg_catalog")

        url = os.environ["DATABASE_URL"].replace("+asyncpg", "")
        self.pool = await asyncpg.create_pool(url, min_size=10, max_size=10, init=ready, server_settings=SESSION)
        self.redis = Redis.from_url(os.environ["REDIS_URL"])
        self.script = self.redis.register_script(TAKE)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request; or start."""
        if scope["type"] != "http":
            await receive()
            await self.start()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            return
        status, body = await self._answered(scope)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _answered(self, scope: dict[str, Any]) -> tuple[int, bytes]:
        secret = next((value for name, value in scope["headers"] if name == b"x-api-key"), b"")
        async with self.pool.acquire() as connection:
            key = await connection.fetchrow(KEY, hashlib.sha256(secret).digest())
            if key is None:
                return 401, b"{}"
            now = time.time()
            keys = [f"floor:{key['id']}:{int(now // 60) - back}" for back in (0, 1)]
            present, before = await self.script(keys=keys, args=[LIMIT, 1 - now % 60 / 60, 125])
            if int(present) + int(int(before) * (1 - now % 60 / 60)) >= LIMIT:
                return 429, b"{}"
            return 200, msgspec.json.encode(await self._found(connection, key["organization_id"], scope))

    async def _found(self, connection: asyncpg.Connection, organization_id: int, scope: dict[str, Any]) -> Any:
        parts = scope["path"].removeprefix("/api/v1/sims").strip("/").split("/")
        if not parts[0]:
            asked = dict(parse_qsl(scope["query_string"].decode()))
            del asked["page_size"]
            where, values = WANTED[tuple(asked)], (organization_id, *asked.values())
            total = await connection.fetchval(COUNT + where, *values)
            rows = [dict(row) for row in await connection.fetch(ROWS.format(where), *values)]
            return {"items": rows[:50], "page_size": 50, "next_cursor": rows[-1]["iccid"], "total": total}
        sim = await connection.fetchrow(ONE, organization_id, parts[0])
        if len(parts) == 1:
            return dict(sim)
        if parts[1] == "usage":
            days = await connection.fetch(USAGE, organization_id, parts[0])
            return {"by": "day", "items": [dict(row) for row in days]}
        total = await connection.fetchval(COUNT_EVENTS, organization_id, parts[0])
        rows = [dict(row) for row in await connection.fetch(EVENTS, organization_id, parts[0])]
        return {"items": rows[:50], "page_size": 50, "next_cursor": rows[-1]["id"], "total": total}


if __name__ == "__main__":
    uvicorn.run(Floor(), port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
