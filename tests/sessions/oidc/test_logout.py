"""What ends sessions that began at the identity provider."""

import time
from typing import Any

import httpx
import pytest

from console.live import heartbeats
from console.settings import Settings
from console.store.database import Database
from tests.serving import Served, close_code, serving
from tests.sessions.identity_provider import LOGOUT_EVENT, Provider
from tests.sessions.oidc.signing import unsigned
from tests.sessions.oidc.signing_in import audit, map_groups, sign_in

pytestmark = pytest.mark.one_edition


@pytest.fixture
def quick_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.1)


@pytest.mark.usefixtures("quick_heartbeats")
async def test_a_logout_at_the_provider_ends_sessions_and_sockets(
    web: Served, db: Database, provider: Provider
) -> None:
    await map_groups(web, "fleet-operators")
    now = int(time.time())
    async with web.stranger() as omar, web.stranger() as elsewhere, web.signed_in("otto") as otto:

        async def logout(**changed: Any) -> int:
            token = changed.pop("token", None) or provider.logout_token(**changed)
            return (await otto.post("/auth/oidc/backchannel-logout", data={"logout_token": token})).status_code

        assert (await sign_in(omar)).status_code == 303
        provider.person["sid"] = "another"
        assert (await sign_in(elsewhere)).status_code == 303
        for wrong in (
            {"aud": "another"},
            {"iss": "https://elsewhere.example"},
            {"events": None},
            {"events": {LOGOUT_EVENT: "x"}},
            {"events": [LOGOUT_EVENT]},
            {"nonce": "x"},
            {"jti": None},
            {"exp": now - 120},
            {"exp": None},
            {"iat": now + 600},
            {"iat": now - 3_600, "exp": now + 3_600},
            {"sub": None, "sid": None},
            {"token": "a.b.c"},
            {"token": unsigned({"iss": provider.issuer})},
        ):
            assert await logout(**wrong) == 400, wrong
        assert (await otto.post("/auth/oidc/backchannel-logout")).status_code == 400
        assert await logout(sub="somebody-else", sid=None) == 200
        assert await logout(sub="somebody-else", sid="another") == 200
        for browser in (omar, elsewhere):
            assert (await browser.get("/sims")).status_code == 200
        async with web.page_socket(omar, "?view=sims&topics=fleet") as socket:
            await socket.recv()
            token = provider.logout_token(sid="s-omar")
            assert await logout(token=token) == 200
            assert await close_code(socket) == 4401
        assert (await omar.get("/sims")).status_code == 303
        assert (await elsewhere.get("/sims")).status_code == 200, "another session of theirs goes on"
        provider.person["sid"] = "s-omar"
        assert (await sign_in(omar)).status_code == 303
        assert await logout(token=token) == 400, "replayed"
        assert (await omar.get("/sims")).status_code == 200
        assert await logout(sid=None) == 200
        for browser in (omar, elsewhere):
            assert (await browser.get("/sims")).status_code == 303
        assert (await otto.get("/sims")).status_code == 200
    done = [line for line in await audit(db, "session.end_by_provider") if line.outcome == "done"]
    assert [line.after["sessions"] for line in done] == [0, 0, 1, 2]
    assert len(await audit(db, "session.end_by_provider")) == len(done) + 16


async def test_without_a_provider_there_is_none_and_its_sessions_do_not_hold(
    web: Served, settings: Settings, db: Database, provider: Provider
) -> None:
    await map_groups(web, "fleet-operators")
    async with web.stranger() as omar, serving(settings) as without:
        assert (await sign_in(omar)).status_code == 303
        assert (await omar.get(f"{web.address}/sims")).status_code == 200
        cookies = dict(omar.cookies)
        async with httpx.AsyncClient(base_url=without.address, cookies=cookies, trust_env=False) as there:
            assert (await there.get("/sims")).status_code == 303
            assert "/auth/oidc" not in (await there.get("/sign-in")).text
            for path in ("/auth/oidc/start", "/auth/oidc/callback"):
                assert (await there.get(path)).status_code == 404
            answer = await there.post("/auth/oidc/backchannel-logout", data={"logout_token": "x"})
            assert answer.status_code == 404
        async with without.signed_in("ada") as ada:
            assert "None is set" in (await ada.get("/groups")).text
