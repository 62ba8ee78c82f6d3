"""A live page says what it shows: a change that never reached it is found, logged, counted, and mended."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

import httpx
import pytest
import sqlalchemy as sa
from msgspec import Struct
from playwright.async_api import Page, expect

from console.actions.bulk.tables import bulk_actions
from console.actions.tables import actions
from console.alerts.tables import alerts
from console.carrier.tables import carrier_circuits
from console.connectivity.tables import network_events
from console.connectivity.writes import record_events
from console.facts.sms import Sms
from console.metrics import screens_verified
from console.pages.shown import HELD
from console.runs import writes as runs
from console.runs.tables import job_runs
from console.sims.tables import sims
from console.sms.writes import record_messages
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast
from tests.chromium import live
from tests.cutting.values import values
from tests.front.test_needs_somebody import put_alert
from tests.ring.test_connection import HIDE
from tests.serving import Served

pytestmark = pytest.mark.one_edition
PAGES = {
    "overview": "/",
    "overview-tags": "/?by=tag",
    "events": "/events?severity=info&severity=warn",
    "quotas": "/quotas",
    "sims": "/sims?status=enabled",
    "sim": f"/sims/{ADAS_SIM}",
    "jobs": "/jobs",
    "carrier": "/carrier",
    "wall": "/wall",
    "conversation": f"/sims/{ADAS_SIM}/sms",
    "actions": "/actions",
    "bulk_action": "/bulk-actions/{bulk_action}",
    "alerts": "/alerts",
}


class Things(Struct):
    """What the pages of actions and alerts show: the ids of one of each."""

    action: int
    bulk_action: int
    alert: int

    def on(self, path: str) -> str:
        """The path of the one that is there."""
        return path.replace("{bulk_action}", str(self.bulk_action))


async def things(db: Database, cast: Cast) -> Things:
    """One action, one bulk action, one alert."""
    now = datetime.now(UTC)
    await put_alert(db, cast.acme, "low", severity="warning")
    asked = {"organization_id": cast.acme, "kind": "reset", "parameters": {}, "caller": "user:1", "requested_by": "ada"}
    asked |= {"idempotency_key": "shown", "requested_at": now, "changed_at": now, "expires_at": now}
    single = {**asked, "iccid": ADAS_SIM, "state": "accepted", "steps": [{"state": "accepted", "at": now.isoformat()}]}
    many = {**asked, "state": "stopped", "selection": "1 SIM", "asked_digest": "", "stop_percent": 5}
    async with db.engine.begin() as connection:
        return Things(
            action=(await connection.execute(sa.insert(actions).values(single).returning(actions.c.id))).scalar_one(),
            bulk_action=(
                await connection.execute(sa.insert(bulk_actions).values(many).returning(bulk_actions.c.id))
            ).scalar_one(),
            alert=(await connection.execute(sa.select(sa.func.max(alerts.c.id)))).scalar_one(),
        )


def verified(outcome: str) -> Counter[str]:
    """How many screens of each view this was found of."""
    samples = [sample for family in screens_verified.collect() for sample in family.samples]
    found = [one for one in samples if one.name.endswith("_total") and one.labels["outcome"] == outcome]
    return Counter({one.labels["view"]: int(one.value) for one in found if one.labels["view"] in PAGES})


async def change_unpublished(db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    event = {"organization_id": cast.acme, "id": 77, "time": now, "iccid": ADAS_SIM, "name": "Unpublished"}
    run = {
        "organization_id": cast.acme,
        "job": "sync_sims",
        "state": "failed",
        "started_at": now,
        "finished_at": now,
        "heartbeat_at": now,
    }
    circuit = {"organization_id": cast.acme, "state": "open", "failures": 7, "since": now}
    async with db.engine.begin() as connection:
        changed = sa.update(sims).where(sims.c.iccid == ADAS_SIM)
        await connection.execute(
            changed.values(label="unpublished", connection="blocked", revision=sims.c.revision + 1)
        )
        await connection.execute(
            sa.insert(network_events).values(**event, severity="info", description="Not published")
        )
        await connection.execute(sa.insert(job_runs).values(**run, error="unpublished"))
        await connection.execute(sa.insert(carrier_circuits).values(circuit))
        for table in (actions, bulk_actions, alerts):
            mine = sa.update(table).where(table.c.organization_id == cast.acme)
            await connection.execute(mine.values(revision=table.c.revision + 7))


async def come_back(page: Page) -> None:
    said = "new Promise((done) => document.addEventListener('live:verified', () => done(true), {once: true}))"
    await page.evaluate(f"window.verified = {said}; undefined")
    await page.evaluate(HIDE, False)


async def agrees(page: Page) -> None:
    await come_back(page)
    assert await asyncio.wait_for(page.evaluate("window.verified"), 10)


async def test_a_change_that_never_reached_a_page_is_found_and_mended(page: Page, db: Database, cast: Cast) -> None:
    there = await things(db, cast)
    pages = {view: page if view == "sims" else await page.context.new_page() for view in PAGES}
    agreed, differed = verified("agrees"), verified("differs")
    for view, path in PAGES.items():
        await live(pages[view], there.on(path))
    await asyncio.gather(*map(agrees, pages.values()))
    assert set(verified("agrees") - agreed) == set(PAGES), "each at least once: a minute may have passed"
    assert verified("differs") == differed
    for one in pages.values():
        assert (
            (await one.locator("[data-verified-at]:not([hidden])").text_content() or "").strip().startswith("Verified")
        )
    await change_unpublished(db, cast)
    await asyncio.gather(*map(come_back, pages.values()))
    for view, found in {
        "overview": "#event-77",
        "overview-tags": "#event-77",
        "events": "#event-77",
        "quotas": f"#quota-{ADAS_SIM}:has-text('unpublished')",
        "sims": f"#sim-{ADAS_SIM}:has-text('unpublished')",
        "sim": "#sim-state:has-text('unpublished')",
        "jobs": "#runs tr:has-text('unpublished')",
        "carrier": "#carrier-circuit [data-value='7']",
        "actions": f"#action-{there.action}[data-rev='8']",
        "bulk_action": f"#bulk-{there.bulk_action}[data-rev='8']",
        "alerts": f"#alert-{there.alert}[data-rev='8']",
    }.items():
        await expect(pages[view].locator(found)).to_be_visible()
    assert verified("differs") - differed == Counter(PAGES.keys())
    await asyncio.gather(*map(agrees, pages.values()))


async def test_everything_that_is_held_is_on_the_page_and_each_value_is_compared(
    web: Served, db: Database, cast: Cast
) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        event = {"id": 5, "iccid": ADAS_SIM, "time": now, "type": 3, "name": "Create", "severity": "info"}
        named = {"description": "A session has begun", "operator": "Cut", "country": "DE", "cause": None}
        await record_events(transaction, cast.acme, [event | named], now)
        sms = Sms(iccid=ADAS_SIM, direction="mt", id="9", time=now, status="pending", payload="hello", source="poll")
        await record_messages(transaction, cast.acme, [sms], now)
        await runs.begin(transaction, cast.acme, "sync_sims", now)
    there = await things(db, cast)
    async with web.signed_in("vera") as vera:
        for view, path in ((view, there.on(path)) for view, path in PAGES.items()):
            shown = values((await vera.get(path)).text)
            asked, _, query = path.partition("?")
            body = {"view": view, "topics": [f"sim:{ADAS_SIM}"] if asked.startswith("/sims") else [], "values": shown}
            right = await vera.post("/shown", params=query, json=body)
            assert (right.status_code, right.json()["differing"]) == (200, []), view
            wrong = await vera.post("/shown", params=query, json=body | {"values": dict.fromkeys(shown, "other")})
            assert 0 < min(2, len(shown)) <= len(wrong.json()["differing"]), view
            assert set(wrong.json()["differing"]) <= set(shown)
    assert set(PAGES) == set(HELD)


async def test_lists_of_every_kind_of_filter_agree_with_the_page(web: Served, db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        event = {"id": 5, "iccid": ADAS_SIM, "time": now, "type": 3, "name": "Create", "severity": "info"}
        named = {"description": "A session has begun", "operator": "Cut", "country": "DE", "cause": None}
        other = {**event, **named, "id": 6, "name": "Delete", "severity": "error"}
        await record_events(transaction, cast.acme, [event | named, other], now)
    lists = (
        "country=DE&country=unknown",
        "country_not=DE",
        "operator_not=Cut&rat_not=unknown&rat_not=LTE",
        "label=pump&label_not=pump-2",
        "tag=a&tag_not=b&field.site=x&field.site_not=y",
        "q=pump",
        "q=pump+8988228066600000001&status=enabled",
        "q=p&connection_not=offline&quota=unknown",
    )
    views = [("sims", "/sims", one) for one in lists]
    views += [
        ("events", "/events", one) for one in ("q=delete", "severity=error&operator=Cut&type=Delete", "cause=unknown")
    ]
    async with web.signed_in("vera") as vera:
        for view, path, query in views:
            shown = values((await vera.get(f"{path}?{query}")).text)
            body = {"view": view, "topics": [f"sim:{ADAS_SIM}", f"sim:{ADAS_OTHER_SIM}"], "values": shown}
            answer = await vera.post(f"/shown?{query}", json=body)
            assert (answer.status_code, answer.json().get("differing")) == (200, []), query
            assert shown, query
            body["values"] = dict.fromkeys(shown, "0")
            assert set((await vera.post(f"/shown?{query}", json=body)).json()["differing"]) >= shown.keys() - {
                name for name, value in shown.items() if value == "0"
            }, query


async def says(client: httpx.AsyncClient, iccid: str, revision: int, view: str = "sims") -> httpx.Response:
    body = {"view": view, "topics": [f"sim:{iccid}"], "values": {f"sim-{iccid}": str(revision)}}
    return await client.post("/shown", json=body)


async def test_a_page_is_compared_with_its_own_organizations_states_alone(web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as vera:
        own = await says(vera, ADAS_SIM, 999_999)
        assert (own.status_code, own.json()["differing"]) == (200, [f"sim-{ADAS_SIM}"])
        assert (await says(vera, EVES_SIM, 999_999)).json()["differing"] == []
        assert (await says(vera, ADAS_SIM, 1, view="nothing")).status_code == 400
    async with web.stranger() as stranger:
        assert (await says(stranger, ADAS_SIM, 1)).status_code in {303, 401}
