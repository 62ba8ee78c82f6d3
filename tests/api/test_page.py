"""The documentation page: for everybody, from this origin alone, in a real browser."""

import re
import shlex
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser

from console.api_keys.writes import put_key
from console.errors import ConsoleError, NotFound
from console.facts import Fact
from console.live.messages import REASONS
from console.openapi.page import context
from console.organizations.rules import PERMISSIONS, Role
from console.store.database import Database
from tests.api.conftest import Promise
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
PAGE = "/api/v1/docs"


async def test_the_page_needs_no_sign_in_and_describes_every_operation(sick: Served, promise: Promise) -> None:
    async with sick.stranger() as stranger:
        answer = await stranger.get(PAGE)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    for name, (path, _, operation) in promise.operations().items():
        assert f'id="{name}"' in answer.text
        assert f"<code>{path}</code>" in answer.text
        assert operation["summary"] in answer.text.replace("&#39;", "'")


async def test_the_page_describes_every_fact_and_close_code_of_the_stream(sick: Served) -> None:
    async with sick.stranger() as stranger:
        text = (await stranger.get(PAGE)).text
    kinds = [fact.__struct_config__.tag for fact in Fact.__args__]
    assert kinds
    for kind in [*kinds, "stream.hello", "stream.reset", "stream.heartbeat", "stream.stale", "stream.error"]:
        assert f">{kind}</code>" in text
    for code in [*REASONS, 1008, 1012]:
        assert f"<code>{code}</code>" in text


def test_each_code_of_an_error_is_described_by_the_class_that_has_brought_it(promise: Promise) -> None:
    errors = {error.code: error for error in context(promise.document, "http://localhost")["errors"]}
    assert (errors["INTERNAL"], errors["NOT_FOUND"]) == (ConsoleError, NotFound)


async def test_nothing_on_the_page_or_in_the_document_leads_outside(sick: Served) -> None:
    async with sick.stranger() as stranger:
        for path in (PAGE, "/api/v1/openapi.json"):
            text = (await stranger.get(path)).text
            hosts = set(re.findall(r"(?:https?|wss?):\\?/\\?/([\w.:-]+)", text))
            assert hosts <= {sick.address.removeprefix("http://")}, path


async def test_an_origin_that_was_asked_for_cannot_break_out_of_the_examples(sick: Served) -> None:
    async with sick.stranger() as stranger:
        answer = await stranger.get(PAGE, headers={"Host": 'x"><script>alert(1)</script>'})
    assert "<script>alert" not in answer.text


async def test_every_curl_example_answers(web: Served, full: Cast, promise: Promise, db: Database) -> None:
    async with db.transaction() as transaction:
        key = await put_key(transaction, full.acme, "admin", PERMISSIONS[Role.ADMIN], datetime.now(UTC))
    async with web.stranger() as stranger, web.program(key) as ada:
        text = (await stranger.get(PAGE)).text
        commands = re.findall(r"<pre[^>]*><code>(curl [^<]+)</code>", text)
        assert len(commands) == len(promise.operations())
        for command in commands:
            words = shlex.split(command.replace("&#34;", '"').replace("&amp;", "&"))
            address = next(word for word in words if "://" in word)
            if "-X" in words:
                continue  # it changes something
            assert ADAS_SIM in address or "/sims/" not in address
            assert (await ada.get(address)).status_code == 200, command


async def test_a_browser_shows_it_whole_and_complains_of_nothing(sick: Served, browser: Browser) -> None:
    wrong: list[str] = []
    elsewhere: list[str] = []
    for width in (1280, 390):
        context = await browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark")
        page = await context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda one: None if one.url.startswith(sick.address) else elsewhere.append(one.url))
        await page.goto(sick.address + PAGE)
        dark = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        await page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert await page.is_visible("#listSims >> text=next_cursor >> nth=0")
        await page.click("[data-theme-next]")
        assert await page.get_attribute("html", "data-theme") == "light"
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
        await context.close()
    assert (wrong, elsewhere) == ([], [])


async def test_a_click_copies_the_command(sick: Served, browser: Browser) -> None:
    context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await page.goto(sick.address + PAGE)
    await page.click("#getSim .source button")
    await page.wait_for_selector(".toast")
    copied = await page.evaluate("navigator.clipboard.readText()")
    await context.close()
    assert copied == f'curl -H "X-API-Key: $CONSOLE_KEY" "{sick.address}/api/v1/sims/{ADAS_SIM}"'


async def test_it_can_be_read_without_scripts(sick: Served, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(sick.address + PAGE)
    assert await page.is_visible("#listSims")
    assert not await page.is_visible("#listSims .source button >> nth=0")
    await page.click("#getSim summary >> nth=0")
    assert await page.is_visible("#getSim >> text=confirmed_at >> nth=0")
    await context.close()
