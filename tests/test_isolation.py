"""Nobody sees what is not theirs. Each test first asserts that the outsider is one."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
import websockets

from console.api_keys.writes import revoke_key
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast, add_sim
from tests.serving import Served


async def test_eve_finds_none_of_adas_sims(web: Served, cast: Cast) -> None:
    async with web.program(cast.acme_key) as ada, web.program(cast.eve_key) as eve:
        assert (await ada.get(f"/sims/{ADAS_SIM}")).status_code == 200
        assert (await eve.get(f"/sims/{EVES_SIM}")).status_code == 200
        listed = (await eve.get("/sims")).json()
        assert [sim["iccid"] for sim in listed["items"]] == [EVES_SIM]
        for path in ("", "/usage", "/quotas", "/connectivity", "/events"):
            answer = await eve.get(f"/sims/{ADAS_SIM}{path}")
            assert answer.status_code == 404
            assert answer.json()["error"]["code"] == "SIM_NOT_FOUND"
        assert (await eve.get("/connectivity")).json()["items"][0]["iccid"] == EVES_SIM


@pytest.mark.one_edition
@pytest.mark.parametrize(
    "path", ["/", "/sims", f"/sims/{ADAS_SIM}", "/jobs", "/actions", "/carrier", "/fleet/chart.json"]
)
async def test_a_stranger_is_sent_to_the_sign_in(web: Served, path: str) -> None:
    async with web.stranger() as stranger:
        answer = await stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")


async def test_eves_pages_show_nothing_of_adas(web: Served) -> None:
    async with web.signed_in("eve") as eve, web.signed_in("ada") as ada:
        assert ADAS_SIM in (await ada.get("/sims")).text
        assert ADAS_SIM not in (await eve.get("/sims")).text
        assert EVES_SIM in (await eve.get("/sims")).text
        assert (await ada.get(f"/sims/{ADAS_SIM}")).status_code == 200
        assert (await eve.get(f"/sims/{ADAS_SIM}")).status_code == 404
        assert (await eve.get(f"/sims/{ADAS_SIM}/usage.json")).status_code == 404


async def test_eve_receives_nothing_of_adas_sims(web: Served, cast: Cast, db: Database) -> None:
    assert cast.ada.organization_id != cast.eve.organization_id
    async with web.stream(cast.acme_key) as ada, web.stream(cast.eve_key, f"?topics=fleet,sim:{ADAS_SIM}") as eve:
        await ada.recv(), await eve.recv()
        async with db.transaction() as transaction:
            await add_sim(transaction, cast.acme, ADAS_SIM, label="moved")
        assert ADAS_SIM in await asyncio.wait_for(ada.recv(), 5)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(eve.recv(), 0.5)


async def test_a_revoked_key_opens_nothing(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(cast.acme_key) as program:
        assert (await program.get("/sims")).status_code == 200
        async with db.transaction() as transaction:
            await revoke_key(transaction, cast.acme_key.rsplit("_", 1)[0], datetime.now(UTC))
        assert (await program.get("/sims")).status_code == 401


@pytest.mark.one_edition
async def test_another_sites_page_gets_no_socket(web: Served) -> None:
    async with web.signed_in("ada") as ada:
        async with web.page_socket(ada, "?view=overview&topics=fleet") as socket:
            assert "stream.hello" in await socket.recv()
        with pytest.raises(websockets.InvalidStatus):
            async with web.page_socket(ada, "?view=overview&topics=fleet", origin="https://evil.example"):
                pass


@pytest.mark.one_edition
async def test_another_sites_form_changes_nothing(web: Served) -> None:
    async with httpx.AsyncClient(base_url=web.address, headers={"Origin": "https://evil.example"}) as client:
        answer = await client.post("/sign-in", data={"name": "ada", "password": "correct horse battery"})
        assert answer.status_code == 403
        assert not answer.cookies
