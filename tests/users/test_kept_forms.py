"""The form that waits for a proof is kept by the page; what it holds of passwords and secrets is not."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from console.organizations.reads import credentials
from console.pages.prove import SECRETS
from console.settings import Settings
from console.store.database import Database
from tests.cast import PASSWORD, Cast
from tests.chromium import enter
from tests.front.test_templates import TEMPLATES
from tests.serving import Served
from tests.users.test_proof import address, age, waiting

pytestmark = pytest.mark.one_edition
PASSWORD_FIELD = re.compile(r'<input\s[^>]*name="(\w+)"[^>]*type="password"')
SECRET, OTHER = "zq-client-secret", "zq-streamer-password"


def test_each_field_for_a_secret_is_known() -> None:
    typed = {name for path in TEMPLATES.rglob("*.html") for name in PASSWORD_FIELD.findall(path.read_text())}
    assert typed - {"proof_password", "key"} == SECRETS.keys()  # a wall screen's key: its form waits for no proof


@pytest.mark.parametrize("script", [False, True])
async def test_secrets_of_a_form_that_waits_are_typed_again(
    web: Served, db: Database, settings: Settings, cast: Cast, script: bool
) -> None:
    form = {"name": "Acme 2", "once_client_id": "", "once_client_secret": SECRET, "streamer_password": OTHER}
    shown = []
    async with web.signed_in("ada") as ada:
        await age(db)
        asked = await ada.post("/organizations", data=form, headers={"HX-Request": "true"} if script else None)
        page = await ada.post(asked.headers["location"], data=form, headers={"HX-Request": "true"} if script else None)
        shown.append(page)
        if script:
            page = await ada.post(address(page), data=waiting(page))
        fields = waiting(page)
        wrong = await ada.post(address(page), data=fields | {"proof_password": ["wrong"]})
        assert (wrong.status_code, waiting(wrong)) == (422, fields)
        proved = await ada.post(address(wrong), data=fields | {"proof_password": [PASSWORD]})
        shown += [page, wrong, proved]
        assert not [one for one in shown if SECRET in one.text or OTHER in one.text]
        assert "data-go-on" not in proved.text, "it waits for what is typed again"
        assert PASSWORD_FIELD.findall(proved.text) == ["once_client_secret", "streamer_password"]
        typed = {"once_client_secret": SECRET, "streamer_password": OTHER}
        assert (await ada.post(address(proved), data=waiting(proved) | typed)).status_code == 303
        assert 'value="Acme 2"' in (await ada.get("/organizations")).text
    async with db.reading() as reading:
        found = await credentials(reading, settings.secret_key, slug="acme")
    assert found is not None
    assert (found.once_client_secret, found.streamer_password) == (SECRET, OTHER)


async def test_a_proof_goes_on_within_this_console_alone(web: Served, db: Database, cast: Cast) -> None:
    async with web.signed_in("ada") as ada, web.signed_in("ada") as other:
        await age(db)
        for to in (
            "//evil.example/x",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
        ):
            proof = {"proof_password": PASSWORD, "proof_back": to, "name": "x"}
            for path in ("/prove", "/prove/confirm"):
                answer = await ada.post(path, params={"to": to}, data=proof)
                assert (answer.status_code, "evil.example" in answer.text) == (200, False), to
            wrong = await ada.post("/prove/confirm", params={"to": to}, data=proof | {"proof_password": "wrong"})
            assert (wrong.status_code, "evil.example" in wrong.text) == (422, False), to
        assert (await other.post("/groups", data={"name": "x", "role": "viewer"})).status_code == 307, (
            "not proved by it"
        )
        for origin in ("null", "https://evil.example"):
            headers = {"Origin": origin}
            answer = await ada.post("/prove/confirm", data={"proof_password": PASSWORD}, headers=headers)
            assert answer.status_code == 403, "another site's page, or a redirect of one"
    async with web.stranger() as stranger:
        assert (await stranger.post("/prove/confirm", data={"proof_password": PASSWORD})).status_code == 303


@pytest_asyncio.fixture
async def page(browser: Browser, web: Served, cast: Cast) -> AsyncIterator[Page]:
    """A page of Ada's; a refused form is an error to the browser's console, and none here."""
    context = await browser.new_context(base_url=web.address)
    await enter(context, web, "ada")
    yield await context.new_page()
    await context.close()


def form_of(page: Page, button: str) -> Locator:
    return page.locator("form", has=page.get_by_role("button", name=button, exact=True))


async def test_what_was_typed_stays_in_a_form_that_is_refused(page: Page) -> None:
    await page.goto("/api-keys")
    form = form_of(page, "Make the key")
    await form.locator("[name=name]").fill("grafana")
    await form.locator("[name=days]").fill("900")
    await form.locator("[value='sims:write']").check()
    await form.locator("[value='sims:read']").uncheck()
    async with page.expect_response(lambda answer: answer.status == 422):
        await form.get_by_role("button").click()
    await expect(form.locator("[name=name]")).to_have_value("grafana")
    await expect(form.locator("[name=days]")).to_have_value("900")
    await expect(form.locator("[value='sims:write']")).to_be_checked()
    await expect(form.locator("[value='sims:read']")).not_to_be_checked()
    await form.locator("[name=days]").fill("20")
    await form.get_by_role("button").click()
    await expect(page.get_by_role("heading", name="The new key")).to_be_visible()
    await expect(form.locator("[name=days]")).to_have_value("30", timeout=1_000)


async def test_a_page_that_says_why_leads_back_to_the_form_as_it_was(page: Page) -> None:
    await page.goto("/users")
    form = form_of(page, "Make a link")
    await form.locator("[name=role]").select_option("engineer")
    note = form.locator("[name=note]")
    await note.evaluate("field => field.removeAttribute('maxlength')")
    await note.fill("x" * 300)
    await form.get_by_role("button").click()
    await page.get_by_role("link", name="Back", exact=True).click()
    await page.wait_for_url("**/users#refused")
    await expect(form.locator("[name=note]")).to_have_value("x" * 300)
    await expect(form.locator("[name=role]")).to_have_value("engineer")


async def test_nobody_is_removed_by_one_click(page: Page) -> None:
    await page.goto("/users")
    row = page.get_by_role("row", name="otto")
    await row.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog", name="Remove otto?").get_by_role("button", name="Cancel").click()
    await expect(row).to_be_visible()
    await row.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog", name="Remove otto?").get_by_role("button", name="Remove").click()
    await expect(row).to_have_count(0)
