"""Ages on the screen are true whatever the browser's clock says, and whatever happens to it meanwhile."""

import asyncio
import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, WebSocketRoute, expect

from console.carrier.rules import CircuitState
from console.carrier.writes import record_circuit
from console.connectivity.writes import record_events
from console.pages.texts import age, ago, clock
from console.runs import writes as runs
from console.runs.rules import RunState
from console.store.database import Database, Transaction
from console.streamer.writes import note_posts
from console.usage.writes import record_usage
from console.users.tables import users
from console.users.writes import set_preferences
from tests.cast import ADAS_SIM, Cast
from tests.chromium import BADGE, live
from tests.ring.test_connection import SAID, rename

pytestmark = pytest.mark.one_edition
SECONDS = re.compile(r"^(now|\d+ s ago)$")
WRITTEN = {"ago": ago, "age": age, "clock": clock}
TIMES_AT = """async (moment) => {
    const from = document.querySelector("script[type=module]").src;
    const { setServerTime } = await import(new URL("server_time.js", from).href);
    const { renderTimes } = await import(new URL("time.js", from).href);
    setServerTime(moment);
    renderTimes();
    const styles = ":is([data-style=ago], [data-style=age], [data-style=clock])";
    const times = [...document.querySelectorAll(`main time${styles}`)];
    return times.map((time) => [time.dataset.style, time.getAttribute("datetime"), time.textContent]);
}"""
DRAWN = """
    window.drawnTexts = [];
    const fill = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
        window.drawnTexts.push(String(text));
        return fill.call(this, text, ...place);
    };
"""
DAY = re.compile(r"^\d+ [A-Z][a-z][a-z]$")
WRONG = """
    window.wrong = %d;
    const Right = Date;
    window.Date = class extends Right {
        constructor(...args) { args.length ? super(...args) : super(Right.now() + window.wrong); }
        static now() { return Right.now() + window.wrong; }
    };
"""


@pytest.mark.parametrize("minutes", [-60, 60])
async def test_what_was_confirmed_seconds_ago_says_so_in_a_browser_whose_clock_is_wrong(
    page: Page, db: Database, cast: Cast, minutes: int
) -> None:
    await page.add_init_script(WRONG % (minutes * 60_000))
    await live(page, "/sims")
    await rename(db, cast, "renamed just now")
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("renamed just now")
    received = page.locator("time[data-live-received]").first
    await page.wait_for_timeout(1_500)  # ages are written anew each second
    assert SECONDS.match(await received.text_content() or "")
    ages = await page.locator(f"#sim-{ADAS_SIM} time[data-style=ago]").all_text_contents()
    assert ages
    assert all(SECONDS.match(age.strip()) for age in ages)


async def test_every_page_shows_the_same_times_as_the_server_before_and_after_midnight(
    page: Page, db: Database, cast: Cast
) -> None:
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    async with db.transaction() as transaction:
        event = {"id": 5, "iccid": ADAS_SIM, "time": now, "type": 3, "name": "Create", "severity": "info"}
        named = {"description": "A session has begun", "operator": "Cut", "country": "DE", "cause": None}
        await record_events(transaction, cast.acme, [event | named], now)
        run = await runs.begin(transaction, cast.acme, "sync_sims", now)
        await runs.finish(transaction, run, RunState.DONE, runs.Tally(), now)
        await record_circuit(
            transaction, cast.acme, CircuitState.OPEN, reason="HTTP 503", failures=3, at=now, retry_at=midnight
        )
    await page.add_init_script(WRONG % 3_600_000)
    for path in ("/", "/sims", f"/sims/{ADAS_SIM}", "/jobs", "/carrier"):
        await live(page, path)
        for moment in (midnight - timedelta(seconds=2), midnight + timedelta(seconds=2)):
            shown = await page.evaluate(TIMES_AT, moment.isoformat())
            assert len(shown) > 1, path
            for style, iso, text in shown:
                written = WRITTEN[style](datetime.fromisoformat(iso), moment)
                assert text.strip() == written, f"{path} at {moment}: {style} of {iso}"


async def show_in(transaction: Transaction, zone: str) -> None:
    """Show times to Ada in this zone; the browser's machine has UTC."""
    ada = (await transaction.connection.execute(sa.select(users.c.id).where(users.c.name == "ada"))).scalar_one()
    await set_preferences(transaction, ada, {"zone": zone})


@pytest.mark.parametrize("zone", ["Pacific/Apia", "Pacific/Pago_Pago", "Asia/Kathmandu"])
async def test_times_are_those_of_the_readers_zone_before_and_after_its_midnight_and_that_of_utc(
    page: Page, db: Database, cast: Cast, zone: str
) -> None:
    now, there = datetime.now(UTC), ZoneInfo(zone)
    async with db.transaction() as transaction:
        await show_in(transaction, zone)
        run = await runs.begin(transaction, cast.acme, "sync_sims", now)
        await runs.finish(transaction, run, RunState.DONE, runs.Tally(), now)
    nights = [datetime.combine(now.astimezone(own) + timedelta(days=1), time(), own) for own in (UTC, there)]
    for path in ("/", "/sims", f"/sims/{ADAS_SIM}", "/jobs", "/carrier"):
        await live(page, path)
        for moment in (night + timedelta(seconds=step) for night in nights for step in (-2, 2)):
            shown = await page.evaluate(TIMES_AT, moment.isoformat())
            assert len(shown) > 1, path
            for style, iso, text in shown:
                at = datetime.fromisoformat(iso)
                # As the server writes them in UTC, of the readings of the reader's clock.
                own = at.astimezone(there).replace(tzinfo=UTC), moment.astimezone(there).replace(tzinfo=UTC)
                written = clock(*own) if style == "clock" else WRITTEN[style](at, moment)
                assert text.strip() == written, f"{path} at {moment}: {style} of {iso}"


@pytest.mark.parametrize("zone", ["Pacific/Apia", "Pacific/Pago_Pago", "Asia/Kathmandu", None])
async def test_the_axis_of_hours_names_the_day_that_begins_in_the_readers_zone_and_that_of_days_those_of_utc(
    page: Page, db: Database, cast: Cast, zone: str | None
) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        await show_in(transaction, zone or "UTC")
        used = {"iccid": ADAS_SIM, "source": "streamer", "data_bytes": 5_000_000, "sms": 0}
        moments = [now - timedelta(hours=hours) for hours in range(1, 60)]
        records = [{**used, "record_id": number, "time": at, "started_at": at} for number, at in enumerate(moments)]
        await record_usage(transaction, cast.acme, records, now)
        await note_posts(transaction, cast.acme, {"usage": now}, now)
    await page.add_init_script(DRAWN)
    own = ZoneInfo(zone or "UTC")
    for address, days_of in (("/?span=24h", own), (f"/sims/{ADAS_SIM}?tab=usage", UTC)):
        await live(page, address)
        drawn: list[str] = []
        async with asyncio.timeout(20):
            while not any(DAY.match(text) for text in drawn):
                await asyncio.sleep(0.1)
                drawn = await page.evaluate("window.drawnTexts")
        known = {f"{day.day} {day:%b}" for day in (now.astimezone(days_of) - timedelta(days=n) for n in range(90))}
        assert {text for text in drawn if DAY.match(text)} <= known, address
        assert not [text for text in drawn if text.endswith((":15", ":45"))], "marks stand at whole hours"


async def test_a_clock_that_is_set_while_the_page_is_open_leaves_it_live_with_true_ages(page: Page) -> None:
    await page.add_init_script(WRONG % 0)
    await live(page, "/sims")
    await page.evaluate("window.wrong = 3600000")
    await page.wait_for_timeout(4_000)
    await expect(page.locator(BADGE)).to_have_attribute("data-state", "live")
    assert SECONDS.match(await page.locator("time[data-live-received]").first.text_content() or "")


async def test_a_dead_socket_is_noticed_by_a_browser_whose_clock_was_set_back(page: Page) -> None:
    sockets: list[WebSocketRoute] = []

    def carry(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        if len(sockets) == 1:
            server = socket.connect_to_server()
            server.on_message(lambda message: socket.send(message) if not silent else None)

    silent: list[bool] = []
    await page.clock.install()
    await page.route_web_socket(re.compile("/live"), carry)
    await live(page, "/sims")
    silent.append(True)
    await page.evaluate("Date.now = () => 0")  # for good: no age counted by it would ever grow
    await page.clock.fast_forward(40_000)
    await page.clock.run_for(6_000)
    await expect(page.locator(SAID)).to_have_text(re.compile("Console (catching up|stale since)"))
