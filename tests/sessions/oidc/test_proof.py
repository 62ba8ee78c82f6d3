"""Who has no password here proves a session by signing in at the identity provider once more."""

import time
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from console.organizations.rules import PROOF_LASTS
from console.sessions.tables import sessions
from console.store.database import Database
from tests.serving import Served
from tests.sessions.identity_provider import PEOPLE, Provider
from tests.sessions.oidc.signing_in import map_groups, sign_in

pytestmark = pytest.mark.one_edition


async def prove(browser: httpx.AsyncClient) -> httpx.Response:
    begun = await browser.get("/auth/oidc/start?prove=true")
    return await browser.get(str((await browser.get(begun.headers["location"])).headers["location"]))


async def test_a_new_sign_in_there_proves_the_session_and_nothing_less_does(
    web: Served, db: Database, provider: Provider
) -> None:
    await map_groups(web, "fleet-operators", role="admin")
    invite = {"role": "viewer", "note": "for Zoe"}
    async with web.stranger() as omar, web.stranger() as elsewhere:
        assert (await sign_in(omar)).status_code == 303
        assert (await omar.post("/users/invitations", data=invite)).status_code == 200, "just signed in"
        async with db.transaction() as transaction:
            older = sessions.c.proved_at - PROOF_LASTS
            await transaction.connection.execute(sa.update(sessions).values(proved_at=older))
        asked = await omar.post("/users/invitations", data=invite)
        page = await omar.post(asked.headers["location"], data=invite)
        assert 'href="/auth/oidc/start?prove=true"' in page.text
        assert "proof_password" not in page.text
        assert (await omar.post("/prove/confirm", data={"proof_password": ""})).status_code == 422
        before = omar.cookies["session"]
        provider.claims = lambda claims: {name: value for name, value in claims.items() if name != "auth_time"}
        assert (await prove(omar)).status_code == 502, "it does not say when"
        stale = int(time.time()) - int(timedelta(minutes=5).total_seconds())
        provider.claims = lambda claims: {**claims, "auth_time": stale}
        assert (await prove(omar)).status_code == 502, "it knows who has signed in there before, and has not asked"
        provider.claims = lambda claims: {**claims, "sub": PEOPLE["ines"]["sub"]}
        assert (await prove(omar)).status_code == 400, "as somebody else"
        provider.claims = lambda claims: claims
        assert (await prove(elsewhere)).status_code == 303, "without a session it is a sign-in"
        assert omar.cookies["session"] == before
        assert (await omar.post("/users/invitations", data=invite)).status_code == 307
        proved = await prove(omar)
        assert (proved.status_code, omar.cookies["session"] != before) == (200, True)
        assert (await omar.post("/users/invitations", data=invite)).status_code == 200
