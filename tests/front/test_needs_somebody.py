"""What waits for a person stands on the overview, each with the list that it counts, and goes when it is done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from console.alert_rules.tables import alert_rules
from console.alert_rules.writes import give_ready_made
from console.alerts.tables import alert_subjects, alerts
from console.alerts.waiting import FORGOTTEN_AFTER, WaitingAlerts, waiting_alerts, waiting_sims
from console.pages.needs_somebody import lines_of, needs_somebody
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast

pytestmark = pytest.mark.one_edition
NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO = NOW - FORGOTTEN_AFTER - timedelta(minutes=1)


async def put_alert(db: Database, organization_id: int, key: str, **values: Any) -> None:
    """`nth`: of which rule of the organization; the first where it is not given."""
    nth = values.pop("nth", 0)
    row = {
        **{"organization_id": organization_id, "key": key, "title": key, "severity": "critical", "state": "firing"},
        **{"started_at": NOW - timedelta(minutes=5), "change": "fired", "changed_at": NOW, "fired_at": NOW},
        **values,
    }
    async with db.transaction() as transaction:
        await give_ready_made(transaction, organization_id, after=0, now=NOW)
    async with db.engine.begin() as connection:
        rules = sa.select(alert_rules.c.id).where(alert_rules.c.organization_id == organization_id)
        rule = rules.order_by(alert_rules.c.id).offset(nth).limit(1)
        await connection.execute(sa.insert(alerts).values(rule_id=(await connection.execute(rule)).scalar_one(), **row))


def test_the_most_urgent_comes_first_and_nothing_is_said_of_none() -> None:
    none = WaitingAlerts(critical=0, critical_since=None, forgotten=0, forgotten_since=None)
    assert lines_of(none, 0, 0) == []
    some = WaitingAlerts(critical=1, critical_since=NOW, forgotten=2, forgotten_since=LONG_AGO)
    assert [(line.title, line.since) for line in lines_of(some, 3, 1)] == [
        ("1 critical alert that nobody has acknowledged", NOW),
        ("1 action of which nobody knows whether it was done", None),
        ("3 actions wait for a second person's approval", None),
        ("2 alerts still fire, acknowledged more than 4 hours ago", LONG_AGO),
    ]


async def test_only_ones_own_open_and_shown_alerts_wait(db: Database, cast: Cast) -> None:
    acknowledged = {"acknowledged_by": "otto"}
    await put_alert(db, cast.acme, "open")
    await put_alert(db, cast.acme, "over", state="resolved", resolved_at=NOW)
    await put_alert(db, cast.acme, "hidden", hidden_by="silence:1")
    await put_alert(db, cast.acme, "less urgent", severity="warning")
    await put_alert(db, cast.acme, "taken", acknowledged_at=NOW - timedelta(hours=1), **acknowledged)
    await put_alert(db, cast.acme, "forgotten", severity="info", acknowledged_at=LONG_AGO, **acknowledged)
    await put_alert(db, cast.evil, "of others")
    async with db.reading() as reading:
        found = await waiting_alerts(reading, cast.acme, NOW)
        assert found == WaitingAlerts(
            critical=1, critical_since=NOW - timedelta(minutes=5), forgotten=1, forgotten_since=LONG_AGO
        )
        assert len((await needs_somebody(reading, cast.acme, NOW)).lines) == 2


async def put_subjects(db: Database, organization_id: int, key: str, *subjects: str, **values: Any) -> None:
    """What an alert holds for, the first the longest."""
    async with db.engine.begin() as connection:
        of = (await connection.execute(sa.select(alerts.c.id, alerts.c.rule_id).where(alerts.c.key == key))).one()
        for number, subject in enumerate(subjects):
            row = {"organization_id": organization_id, "alert_id": of.id, "rule_id": of.rule_id, "subject": subject}
            row |= {"since": NOW - timedelta(hours=9 - number), "value": f"{key} {number}"}
            await connection.execute(sa.insert(alert_subjects).values(**row, **values))


async def test_sims_of_alerts_that_nobody_has_acknowledged_are_named_with_their_reason(
    page: Page, db: Database, cast: Cast
) -> None:
    await put_alert(db, cast.acme, "mild", nth=0, severity="info")
    await put_alert(db, cast.acme, "bad", nth=1)
    await put_alert(db, cast.acme, "taken", nth=2, acknowledged_at=NOW, acknowledged_by="otto")
    await put_alert(db, cast.evil, "of others")
    await put_subjects(db, cast.acme, "mild", ADAS_SIM, ADAS_OTHER_SIM, "job:sync_sims")
    await put_subjects(db, cast.acme, "bad", ADAS_SIM)
    await put_subjects(db, cast.acme, "taken", ADAS_OTHER_SIM)
    await put_subjects(db, cast.evil, "of others", EVES_SIM)
    async with db.reading() as reading:
        found = await waiting_sims(reading, cast.acme)
        assert [(one.iccid, one.severity, one.value) for one in found] == [
            (ADAS_SIM, "critical", "bad 0"),
            (ADAS_OTHER_SIM, "info", "mild 1"),
        ]
        assert [one.iccid for one in await waiting_sims(reading, cast.evil)] == [EVES_SIM]
    await page.goto("/")
    listed = page.locator("#needs-sims li")
    await expect(listed).to_have_count(2)
    await expect(listed.first).to_contain_text("bad 0")
    await listed.first.get_by_role("link").first.click()
    await expect(page).to_have_url(f"/sims/{ADAS_SIM}")


async def test_it_stands_above_the_figures_and_leads_to_its_list(page: Page, db: Database, cast: Cast) -> None:
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.goto("/")
    await expect(page.locator("#needs-somebody")).to_contain_text("No approval, action or critical alert waits.")
    await put_alert(db, cast.acme, "open")
    await page.reload()
    link = page.get_by_role("link", name="1 critical alert that nobody has acknowledged")
    assert await link.evaluate("part => part.getBoundingClientRect().bottom") < 300
    await link.press("Enter")
    await expect(page).to_have_url("/alerts?severity=critical")
    await expect(page.locator("main")).to_contain_text("open")
