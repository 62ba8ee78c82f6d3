"""From 1NCE to an open browser: a change is on the screen within a second, and disturbs nobody who works there."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec import structs
from playwright.async_api import Page, expect

from console.organizations.writes import put
from console.pages import freshness
from console.settings import Settings
from console.sims import reads
from console.sims.writes import record_checks
from console.store.database import Database
from console.streamer.posts_writes import keep_post
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext
from jobs.sync_sims import sync_sims
from jobs.sync_status import sync_status
from jobs.take_in_posts import take_in_posts
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.serving import Served
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition
NOW = datetime.now(UTC).isoformat()
OLDER = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
LIVE = "[data-live-badge]"
WATCH = """(id) => new Promise(done => {
    const row = document.getElementById(id), before = row.querySelector('.sim-connection').textContent;
    new MutationObserver((_, observer) => {
        const cell = document.getElementById(id).querySelector('.sim-connection');
        if (cell.textContent !== before) { observer.disconnect(); done(Date.now()); }
    }).observe(document.body, {subtree: true, childList: true, characterData: true});
})"""


@pytest.fixture
async def worker(db: Database, settings: Settings, cast: Cast, simulation: Simulation) -> WorkerContext:
    """A worker context; Acme's account is at the simulated 1NCE."""
    known = structs.replace(settings, once_base_url=simulation.base_url)
    async with db.transaction() as transaction:
        await put(transaction, known, "acme", "Acme", datetime.now(UTC), client_id="demo", client_secret="demo-secret")
    return WorkerContext(settings=known, db=db, once_clients=OnceClients(known, db))


async def test_a_change_at_1nce_is_on_the_screen_within_a_second(
    page: Page, worker: WorkerContext, cast: Cast, db: Database, simulation: Simulation
) -> None:
    acme = {"organization_id": cast.acme}
    await sync_sims({"worker": worker}, **acme)
    await sync_status({"worker": worker}, **acme)
    await page.goto("/sims?page_size=100&connection=online")
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
    rows = page.locator("tr[data-topic]")
    moving = (await rows.nth(30).get_attribute("id") or "").removeprefix("sim-")
    await page.evaluate("window.marked = true")
    await rows.nth(30).locator("a").focus()
    await page.evaluate("window.scrollTo(0, 700)")
    scrolled = await page.evaluate("window.scrollY")
    taken = []
    for connection in ("OFFLINE", "ONLINE", "OFFLINE"):  # the quickest counts: another may have waited for other tests
        seen = asyncio.create_task(page.evaluate(WATCH, f"sim-{moving}"))
        await asyncio.sleep(0.2)
        await simulation.set(moving, connection=connection)
        async with db.engine.begin() as writing:
            for long_ago in ("UPDATE sim_checks SET status_at = NULL", "UPDATE poll_slots SET status_at = 'epoch'"):
                await writing.execute(sa.text(f"{long_ago} WHERE iccid = :one"), {"one": moving})
        await sync_status({"worker": worker}, **acme)
        async with asyncio.timeout(30):
            painted = await seen
        async with db.reading() as reading:
            state = await reads.one(reading, cast.acme, moving)
        assert state is not None
        assert state.changed_at is not None
        taken.append(painted / 1000 - state.changed_at.timestamp())
    assert min(taken) < 1.0
    await expect(page.locator(f"#sim-{moving} .sim-connection")).to_contain_text("offline")
    assert await page.evaluate("window.marked") is True
    assert await page.evaluate("window.scrollY") == scrolled
    assert await page.evaluate("document.activeElement.closest('tr').id") == f"sim-{moving}"
    assert (await rows.nth(30).get_attribute("id")) == f"sim-{moving}", "the row has moved under the pointer"
    await simulation.set(moving, connection="ONLINE")


async def test_an_event_that_1nce_pushes_is_on_the_fleet_page(
    page: Page, worker: WorkerContext, cast: Cast, db: Database
) -> None:
    await page.goto("/")
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
    body = (
        b'[{"id": 77, "event_type": {"id": 3, "description": "Create PDP Context"}, "description": "pushed <b>now</b>",'
        b'"event_severity": {"id": 0, "description": "INFO"}, "timestamp": "%s", "sim": {"iccid": "%s"}}]'
        % (NOW.encode(), ADAS_SIM.encode())
    )
    async with db.transaction() as transaction:
        await keep_post(transaction, cast.acme, body, datetime.now(UTC))
    await take_in_posts({"worker": worker}, organization_id=cast.acme)
    await expect(page.locator("#event-77")).to_contain_text("pushed <b>now</b>")
    older = body.replace(b'"id": 77', b'"id": 78').replace(NOW.encode(), OLDER.encode())
    async with db.transaction() as transaction:
        await keep_post(transaction, cast.acme, older, datetime.now(UTC))
    await take_in_posts({"worker": worker}, organization_id=cast.acme)
    await expect(page.locator("#event-78")).to_be_visible()
    ids = await page.locator("#events tr").evaluate_all("rows => rows.map(row => row.id)")
    assert ids == ["event-77", "event-78"], "what is published late is not the latest"
    assert await page.locator("#event-77 b").count() == 0


async def test_a_page_and_its_live_update_are_the_same_html(page: Page, db: Database, cast: Cast) -> None:
    await page.goto("/sims")
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="changed live")
    row = page.locator(f"#sim-{ADAS_SIM}")
    await expect(row).to_contain_text("changed live")
    bare = "row => row.outerHTML.replace(/<time[^>]*>[^<]*</g, '<time>').replace(/ (class|title)=\"[^\"]*\"/g, '')"
    live = await row.evaluate(bare)
    await page.reload()
    assert await row.evaluate(bare) == live


async def test_a_poll_that_finds_nothing_new_still_makes_what_is_shown_younger(
    page: Page, db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "SCREEN_SECONDS", 0.2)
    for path, place in (("/sims", f"#confirmed-{ADAS_SIM} time"), (f"/sims/{ADAS_SIM}", "#sim-confirmed time")):
        await page.goto(path)
        await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
        shown = await page.locator(place).get_attribute("datetime")
        later = datetime.now(UTC) + timedelta(seconds=90)
        async with db.transaction() as transaction:
            await record_checks(transaction, cast.acme, [ADAS_SIM], later, status_at=later, status_source="poll")
        await expect(page.locator(place)).not_to_have_attribute("datetime", shown or "")


async def test_what_was_missed_while_the_server_was_away_is_caught_up(
    page: Page, web: Served, settings: Settings, db: Database, cast: Cast
) -> None:
    await page.goto("/sims")
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
    await page.evaluate("window.marked = true")
    await db.redis.client_kill_filter(_type="pubsub")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="while Redis was away")
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("while Redis was away")
    await page.context.set_offline(True)
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "stale")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="while the line was cut")
    await page.context.set_offline(False)
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("while the line was cut")
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
    assert await page.evaluate("window.marked") is True


@pytest.mark.parametrize("path", ["/", "/sims", f"/sims/{ADAS_SIM}", "/jobs", "/carrier", "/sims?q=nothing-like-it"])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_page_breaks_its_own_policy_or_scrolls_sideways(page: Page, path: str, theme: str) -> None:
    await page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto(path)
    await expect(page.locator(LIVE)).to_have_attribute("data-state", "live")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await page.locator("h1").count() == 1
