"""The key of a wall screen: it opens the wall, live, and nothing else; once revoked, not even that."""

import re
from typing import Any

import httpx
import pytest
import websockets

from console.api_keys.writes import revoke_key
from console.store.database import Database
from tests.cast import Cast
from tests.live.conftest import quick_heartbeats
from tests.members.test_members import NOW
from tests.serving import Served, close_code

__all__ = ["quick_heartbeats"]
pytestmark = pytest.mark.one_edition


async def wall_key(web: Served) -> str:
    """As an administrator makes it on the page."""
    async with web.signed_in("ada") as ada:
        made = await ada.post("/api-keys", data={"name": "left screen", "for_wall": "yes"})
        (key,) = set(re.findall(r"iot_key_\w{8}_\w{46}", made.text))
        assert f"/wall/key#{key}" in made.text
        assert "wall:read" in made.text
        both = await ada.post("/api-keys", data={"name": "x", "for_wall": "yes", "scopes": "admin"})
        assert both.status_code == 422
        return str(key)


def live(web: Served, screen: httpx.AsyncClient, topics: str = "fleet,carrier,alerts") -> Any:
    cookies = "; ".join(f"{name}={value}" for name, value in screen.cookies.items())
    address = f"{web.address.replace('http', 'ws', 1)}/wall/live?view=sims&topics={topics}"
    return websockets.connect(
        address, additional_headers={"Cookie": cookies}, origin=websockets.Origin(web.address), proxy=None
    )


async def test_the_key_of_a_wall_screen_opens_the_wall_alone_until_it_is_revoked(
    quick_heartbeats: None, web: Served, db: Database, cast: Cast
) -> None:
    key = await wall_key(web)
    async with web.stranger() as screen:
        async with live(web, screen) as refused:
            assert await close_code(refused) == 4401
        for wrong in (cast.acme_key, key[:-1], ""):
            answer = await screen.post("/wall/key", data={"key": wrong})
            assert (answer.status_code, len(screen.cookies)) == (401, 0)
        answer = await screen.post("/wall/key", data={"key": key})
        assert (answer.status_code, answer.headers["location"]) == (303, "/wall")
        cookie = answer.headers["set-cookie"]
        assert all(part in cookie.lower() for part in ("httponly", "path=/wall", "samesite=strict"))
        shown = await screen.get("/wall")
        assert "Acme" in shown.text
        assert key not in shown.text
        values = {"wall-fleet/total": "2", "wall-fleet/online": "9"}
        compared = await screen.post("/wall/shown", json={"view": "wall", "topics": [], "values": values})
        assert compared.json()["differing"] == ["wall-fleet/online"]
        held = {"Cookie": f"wall={key}; session={key}"}
        for path in ("/", "/sims", "/fleet/chart.json", "/alerts"):
            assert (await screen.get(path, headers=held)).headers["location"].startswith("/sign-in"), path
        async with web.program(key) as program:
            for path in ("/sims", "/alerts", "/whoami"):
                assert (await program.get(path)).status_code == 401, path
        async with web.stream(key) as stream:
            assert await close_code(stream) == 4401
        async with live(web, screen, "fleet,sms") as refused:
            assert await close_code(refused) == 4403
        async with live(web, screen) as socket:
            assert '"stream.hello"' in str(await socket.recv())
            async with db.transaction() as transaction:
                await revoke_key(transaction, key.rpartition("_")[0], NOW, organization_id=cast.acme)
            assert await close_code(socket) == 4401
        gone = await screen.get("/wall")
        assert (gone.status_code, gone.headers["location"]) == (303, "/wall/key?refused=1")
        assert "does not open the wall" in (await screen.get("/wall/key?refused=1")).text
