"""A user with a password lets an identity of the provider sign them in: after both were proved, never by a name."""

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest
import sqlalchemy as sa

from console.organizations.rules import PROOF_LASTS
from console.sessions.tables import sessions
from console.store.database import Database
from tests.cast import PASSWORD, Cast
from tests.serving import Served
from tests.sessions.identity_provider import PEOPLE, Provider
from tests.sessions.oidc.signing_in import audit, map_groups, sign_in

pytestmark = pytest.mark.one_edition


async def begun(browser: httpx.AsyncClient) -> str:
    """The provider's address on the page that the form leads to."""
    page = await browser.post("/settings/identity/link")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store"), page.text
    return unescape(re.findall(r'class="button primary" href="([^"]+)"', page.text)[0])


async def back(browser: httpx.AsyncClient, address: str) -> httpx.Response:
    return await browser.get(str((await browser.get(address)).headers["location"]))


async def age(db: Database, span: timedelta) -> None:
    async with db.transaction() as transaction:
        older = sa.update(sessions).values(proved_at=sessions.c.proved_at - span)
        await transaction.connection.execute(older)


async def test_a_proved_session_and_a_new_sign_in_there_link_them_and_nothing_less_does(
    web: Served, db: Database, cast: Cast, provider: Provider
) -> None:
    provider.person = {**PEOPLE["zoe"], "preferred_username": "otto", "email": "otto@example.com"}
    async with web.signed_in("otto") as otto, web.signed_in("otto") as other, web.stranger() as browser:
        assert (await sign_in(browser)).status_code == 403, "called like otto, and nobody here"
        await age(db, PROOF_LASTS)
        assert (await otto.post("/settings/identity/link")).status_code == 307, "the proof first"
        proof = {"proof_password": PASSWORD}
        assert (await otto.post("/prove/confirm?to=/settings/identity/link", data=proof)).status_code == 200

        # In another browser, by another session, without a new sign-in there, or after the proof has ended.
        assert (await back(browser, await begun(otto))).status_code == 400
        address = await begun(otto)
        kept = otto.cookies["session"]
        other.cookies.set("oidc", otto.cookies["oidc"])
        assert (await back(other, address)).status_code == 400
        provider.claims = lambda claims: {name: value for name, value in claims.items() if name != "auth_time"}
        assert (await back(otto, await begun(otto))).status_code == 502
        provider.claims = lambda claims: claims
        address = await begun(otto)
        await age(db, PROOF_LASTS)
        assert (await back(otto, address)).status_code == 403
        assert (await sign_in(browser)).status_code == 403, "nothing is linked yet"

        # Linked: the identity signs in as otto, with what the administrators gave; other sessions have ended.
        await otto.post("/prove/confirm?to=/settings", data=proof)
        address = await begun(otto)
        assert "prompt=login" in address
        assert (await back(otto, address)).headers["location"] == "/settings"
        assert (await back(otto, address)).status_code == 400, "once"
        assert otto.cookies["session"] != kept
        assert (await other.get("/sims")).status_code == 303
        assert f"{provider.issuer}</bdi> signs you in" in (await otto.get("/settings")).text
        assert (await sign_in(browser)).status_code == 303
        assert "operator of" in (await browser.get("/settings")).text
        assert (await back(otto, await begun(otto))).status_code == 409, "one identity of a provider"

        # It is nobody else's to link.
        async with web.signed_in("ada") as ada:
            assert (await back(ada, await begun(ada))).status_code == 409
            assert "None is linked" in (await ada.get("/settings")).text

        # Unlinked: the password alone.
        assert (await otto.post("/settings/identity/unlink")).status_code == 303
        assert (await browser.get("/sims")).status_code == 303
        assert (await sign_in(browser)).status_code == 403
        assert (await otto.post("/settings/identity/unlink")).status_code == 404
    lines = [(line.actor, line.outcome) for line in await audit(db, "account.link_identity")]
    assert lines.count(("otto", "done")) == 1
    assert ("ada", "refused") in lines
    assert [line.actor for line in await audit(db, "account.unlink_identity") if line.outcome == "done"] == ["otto"]


async def test_who_has_no_password_here_links_and_unlinks_nothing(web: Served, provider: Provider) -> None:
    await map_groups(web, "fleet-operators")
    async with web.stranger() as omar:
        assert (await sign_in(omar)).status_code == 303
        page = (await omar.get("/settings")).text
        assert "signs you in" in page
        assert "/settings/identity" not in page
        for what in ("link", "unlink"):
            assert (await omar.post(f"/settings/identity/{what}")).status_code == 409
