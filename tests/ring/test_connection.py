"""The browser's end of the socket: what it does and says when it is cut, silent, hidden, paused or left."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, Route, WebSocketRoute, expect

from console.connectivity.writes import record_events
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.chromium import BADGE, live
from tests.serving import Served

pytestmark = pytest.mark.one_edition
SAID = "[data-live-text]"
PAUSE = "[data-live-pause]"
# A socket that is asked to come back waits on this clock: what it would wait is noted, and the wait is over at once.
NO_WAITING = """
    window.waits = [];
    const wait = window.setTimeout;
    window.setTimeout = (work, delay, ...rest) => {
        if (delay > 900 && delay !== 2000) window.waits.push(delay);
        return wait(work, delay > 900 && delay !== 2000 ? 0 : delay, ...rest);
    };
"""
TAKE = """async (targets) => {
    const script = document.querySelector('script[src$="console.js"]').src;
    const { take } = await import(script.replace("console.js", "frames.js"));
    take(targets.map((target) => ({ target, html: document.getElementById(target).outerHTML })));
}"""
HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
    document.dispatchEvent(new Event('visibilitychange'));
}"""
A_FORM = """() => {
    window.sent = [];
    const form = document.createElement('form');
    const state = document.createElement('input'), button = document.createElement('button');
    state.dataset.pageState = '';
    button.id = 'send';
    form.append(state, button);
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        window.sent.push(state.value);
    });
    document.getElementById('main').prepend(form);
}"""


async def rename(db: Database, cast: Cast, label: str, iccid: str = ADAS_SIM) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, iccid, label=label)


async def test_a_page_that_comes_back_with_the_back_button_catches_up(page: Page, db: Database, cast: Cast) -> None:
    await live(page, "/sims")
    await page.evaluate("window.marked = true")
    await page.evaluate("window.addEventListener('pageshow', (event) => { window.kept = event.persisted; })")
    await page.goto("/jobs")
    await rename(db, cast, "while nobody looked")
    await page.go_back(wait_until="commit")
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("while nobody looked")
    await expect(page.locator(BADGE)).to_have_attribute("data-state", "live")
    await rename(db, cast, "live again")
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("live again")
    assert await page.evaluate("[window.marked, window.kept]") == [True, True], "it was drawn anew, not kept"


async def test_an_answer_that_is_older_than_the_page_does_not_take_a_row_back(
    page: Page, db: Database, cast: Cast
) -> None:
    await live(page, "/sims")
    row = page.locator(f"#sim-{ADAS_SIM}")

    async def slowly(route: Route) -> None:
        answer = await route.fetch()
        await rename(db, cast, "while it was on its way")
        await expect(row).to_contain_text("while it was on its way")
        await route.fulfill(response=answer)

    await page.route("**/sims?*sort=*", slowly)
    async with page.expect_response("**/sims?*sort=*"):
        await page.locator("#sort-label").click()
    await expect(page.locator("th[aria-sort]")).to_have_count(1)
    await expect(row).to_contain_text("while it was on its way")
    await rename(db, cast, "and after it")
    await expect(row).to_contain_text("and after it")


async def test_a_page_that_is_sent_twice_that_its_past_is_gone_is_drawn_for_the_second_time_too(
    page: Page, db: Database, cast: Cast
) -> None:
    await live(page, "/sims")
    first = asyncio.Event()

    async def slowly(route: Route) -> None:
        answer = await route.fetch()
        if not first.is_set():
            first.set()
            async with db.engine.begin() as writing:  # nothing shows this but the second reset
                await writing.execute(sa.text("UPDATE sims SET label = 'since the first', revision = revision + 1"))
            await db.redis.flushall()
            await rename(db, cast, "another", ADAS_OTHER_SIM)
            await asyncio.sleep(1)
        await route.fulfill(response=answer)

    await page.route("**/sims", slowly)
    await db.redis.flushall()
    await rename(db, cast, "one", ADAS_OTHER_SIM)
    await asyncio.wait_for(first.wait(), 10)
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("since the first")
    await expect(page.locator(BADGE)).to_have_attribute("data-state", "live")


async def test_a_hidden_tab_loses_no_event(page: Page, db: Database, cast: Cast) -> None:
    await live(page, "/")
    await page.evaluate(HIDE, True)
    now = datetime.now(UTC)
    for number in range(40):
        event = {"id": 500 + number, "iccid": ADAS_SIM, "time": now + timedelta(milliseconds=number), "type": 3}
        words = {"name": "Create PDP Context", "severity": "info", "description": "x"}
        async with db.transaction() as transaction:
            none = dict.fromkeys(("operator", "country", "cause"))
            await record_events(transaction, cast.acme, [{**event, **words, **none}], now)
    await expect(page.locator("#event-539")).to_be_attached()
    await page.evaluate(HIDE, False)
    shown = await page.locator("#events tr").evaluate_all("rows => rows.map(row => row.id)")
    assert shown == [f"event-{number}" for number in range(539, 499, -1)]


async def test_a_paused_page_stands_still_and_says_how_much_waits(page: Page, db: Database, cast: Cast) -> None:
    await live(page, "/sims")
    await page.click(PAUSE)
    await expect(page.locator(SAID)).to_have_text("Console paused")
    unasked = [f"confirmed-{ADAS_OTHER_SIM}", "data-age", "incident-strip", "alert-count"]
    await page.evaluate(TAKE, unasked)
    await rename(db, cast, "one")
    await expect(page.locator(PAUSE)).to_have_text("Resume, 1 change waits")
    await rename(db, cast, "one again")
    await rename(db, cast, "the other", ADAS_OTHER_SIM)
    await expect(page.locator(PAUSE)).to_have_text("Resume, 2 changes wait")
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("pump-1")
    await page.click(PAUSE)
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("one again")
    await expect(page.locator(f"#sim-{ADAS_OTHER_SIM}")).to_contain_text("the other")
    await expect(page.locator(SAID)).to_have_text("Console live")
    await expect(page.locator(PAUSE)).to_have_text("Pause")


async def test_the_badge_says_how_fresh_the_page_is_and_forms_say_it_to_the_server(page: Page) -> None:
    await live(page, "/sims")
    assert await page.locator(SAID).get_attribute("aria-live") == "polite"
    await page.evaluate(A_FORM)
    await page.click("#send")
    await page.context.set_offline(True)
    await expect(page.locator(SAID)).to_have_text(re.compile(r"Console stale since \d\d:\d\d:\d\d"))
    await page.click("#send")
    await page.context.set_offline(False)
    await expect(page.locator(SAID)).to_have_text("Console live")
    await page.click("#send")
    assert await page.evaluate("window.sent") == ["live", "stale", "live"]


async def test_a_connection_that_falls_silent_is_noticed_and_replaced(page: Page, db: Database, cast: Cast) -> None:
    sockets: list[WebSocketRoute] = []

    def carry(socket: WebSocketRoute) -> None:
        number, server = len(sockets), socket.connect_to_server()
        sockets.append(socket)
        server.on_message(lambda message: socket.send(message) if number or not silent else None)

    silent: list[bool] = []
    await page.clock.install()
    await page.route_web_socket(re.compile("/live"), carry)
    await live(page, "/sims")
    silent.append(True)
    await page.clock.pause_at(
        await page.evaluate("Date.now()") / 1000 + 1
    )  # what follows may take long on a busy machine
    await rename(db, cast, "said into the void")
    await page.clock.fast_forward(25_000)
    await page.wait_for_timeout(200)
    assert len(sockets) == 1, "two heartbeats may be late"
    await page.clock.fast_forward(15_000)
    await page.clock.resume()
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("said into the void")
    assert len(sockets) == 2


async def test_browsers_that_are_asked_to_come_back_come_spread_over_seconds(page: Page) -> None:
    async def restarting(socket: WebSocketRoute) -> None:
        await socket.close(code=1012, reason="restarting")

    await page.add_init_script(NO_WAITING)
    await page.route_web_socket(re.compile("/live"), restarting)
    await page.goto("/sims")
    async with asyncio.timeout(20):
        while await page.evaluate("window.waits.length") < 206:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    waits = [wait for wait in await page.evaluate("window.waits") if wait != 5000][:200]
    assert min(waits) >= 1000
    assert max(waits) <= 5000
    assert max(waits) - min(waits) > 3000
    fifths = [sum(1000 + 800 * part <= wait < 1800 + 800 * part for wait in waits) for part in range(5)]
    assert min(fifths) > 15, f"they come in a heap: {fifths}"


async def test_a_page_that_comes_back_is_shown_what_was_about_to_be_drawn_when_its_connection_was_cut(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.signed_in("ada") as client:
        async with web.page_socket(client, "?view=overview&topics=fleet") as socket:
            hello = await socket.recv()
        epoch, seq = re.findall(r'"epoch":"(\w+)","seq":(\d+)', hello)[0]
        async with web.page_socket(client, f"?view=overview&topics=fleet&since={epoch}:{seq}") as socket:
            received = ""
            while "fleet-counts" not in received or "fleet-usage" not in received:
                received += await socket.recv()
