"""A browser on its way through the identity provider, and what is written down of it."""

from typing import Any

import httpx
import sqlalchemy as sa

from console.store.database import Database
from tests.serving import Served


async def callback_of(client: httpx.AsyncClient, next_address: str = "/") -> str:
    """Where the provider sends a browser back to."""
    begun = await client.get("/auth/oidc/start", params={"next": next_address})
    assert begun.status_code == 303, begun.text
    return str((await client.get(begun.headers["location"])).headers["location"])


async def sign_in(client: httpx.AsyncClient, next_address: str = "/") -> httpx.Response:
    return await client.get(await callback_of(client, next_address))


async def map_groups(web: Served, *names: str, role: str = "operator") -> None:
    async with web.signed_in("ada") as ada:
        for name in names:
            assert (await ada.post("/groups", data={"name": name, "role": role})).status_code == 303


async def audit(db: Database, action: str) -> list[Any]:
    async with db.reading() as reading:
        query = sa.text(
            "SELECT actor_kind, actor, outcome, reason, after FROM audit_lines WHERE action = :action ORDER BY id"
        )
        return list((await reading.execute(query, {"action": action})).all())
