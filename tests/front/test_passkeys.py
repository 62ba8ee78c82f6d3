"""Passkeys in a real browser, with an authenticator in software: made, used at sign-in, and as a proof."""

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, expect

from console.organizations.rules import PROOF_LASTS
from console.sessions.tables import sessions
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast
from tests.chromium import sign_in
from tests.serving import Served
from tests.users.passkey import by_name

pytestmark = pytest.mark.one_edition
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def test_a_passkey_is_made_signs_in_and_proves(browser: Browser, web: Served, db: Database, cast: Cast) -> None:
    async def age() -> None:
        async with db.transaction() as transaction:
            older = sessions.c.proved_at - PROOF_LASTS
            await transaction.connection.execute(sa.update(sessions).values(proved_at=older))

    context = await browser.new_context(base_url=by_name(web.address), viewport={"width": 1200, "height": 600})
    page = await context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    devices = await context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    await devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    await sign_in(page, "ada")
    await page.goto("/settings/second-factor")
    await page.fill("[name=name]", "Laptop")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    await expect(page.get_by_role("button", name="Remove the passkey Laptop")).to_be_visible()
    await context.clear_cookies()
    await page.goto("/sign-in?next=/api-keys")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await page.wait_for_url(by_name(web.address) + "/api-keys")  # itself, not an address that ends so

    await age()
    await page.fill("[name=name]", "export")
    await page.get_by_label("sims:read").check()
    await page.get_by_role("button", name="Make the key", exact=True).click()
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.locator("main")).to_contain_text("iot_key_")  # the form went on by itself
    assert "/api-keys" in page.url

    await age()
    await page.goto(f"/sims/{ADAS_SIM}")
    await page.locator("summary", has_text="Top up").click()
    await page.get_by_role("button", name="Top up for money").click()
    await page.get_by_role("button", name="Use a passkey").click()
    await page.wait_for_url("**/actions/*")
    async with db.reading() as reading:
        assert (await reading.execute(sa.text("SELECT count(*) FROM actions"))).scalar_one() == 1
    assert wrong == []
    await context.close()
