"""The overview's chart: no zero for what is not known, no dip lost, and what happened meanwhile is marked."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from console.actions.tables import actions
from console.carrier.outages import Outage, outages
from console.carrier.rules import CircuitState
from console.carrier.writes import prune_outages, record_circuit
from console.connectivity.tables import fleet_samples
from console.pages.fleet_chart import SPANS, FleetChart, fleet_chart
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast
from tests.front.test_needs_somebody import put_alert

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 7, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NONE = dict.fromkeys(("online", "attached", "offline", "blocked", "unknown"), 0)


async def sample(db: Database, organization_id: int, ago: int, now: datetime = NOW, **numbers: int) -> None:
    time = now.replace(second=0, microsecond=0) - ago * MINUTE
    async with db.engine.begin() as connection:
        row = {"organization_id": organization_id, "time": time, **NONE, **numbers}
        await connection.execute(sa.insert(fleet_samples).values(row))


async def drawn(db: Database, cast: Cast, span: str, now: datetime = NOW) -> FleetChart:
    async with db.reading() as reading:
        return await fleet_chart(reading, cast.acme, now, SPANS[span])


async def test_a_minute_in_which_no_connection_is_known_is_not_known_and_never_zero(db: Database, cast: Cast) -> None:
    await sample(db, cast.acme, 3, unknown=300)
    await sample(db, cast.acme, 2, offline=290, unknown=10)
    await sample(db, cast.evil, 1, online=5)
    found = await drawn(db, cast, "1h")
    assert (len(found.times), found.times[-1], found.is_open) == (
        60,
        int(datetime(2026, 11, 20, 10, 6, tzinfo=UTC).timestamp()),
        False,
    )
    assert found.online == [*[None] * 58, 0, None]
    assert (found.offline[-2], found.unknown[-2], found.bytes) == (290, 10, [None] * 60)


async def test_of_a_longer_step_the_minute_with_the_fewest_online_is_drawn(db: Database, cast: Cast) -> None:
    for ago, online in ((7, 80), (6, 60), (5, 80), (1, 70)):
        await sample(db, cast.acme, ago, online=online, blocked=100 - online)
    found = await drawn(db, cast, "24h")
    assert [*zip(found.online, found.blocked, strict=True)][-3:] == [(None, None), (60, 40), (70, 30)]
    assert (found.is_open, found.step, len(found.times)) == (True, 300, 288)
    assert max(span.steps for span in SPANS.values()) <= 300
    week = await drawn(db, cast, "7d")
    assert (week.online[-1], week.step * len(week.times)) == (60, 7 * 86_400)


async def test_alerts_outages_and_actions_are_marked_with_their_time(db: Database, cast: Cast) -> None:
    at = NOW - 20 * MINUTE
    step = int((at - timedelta(seconds=30)).timestamp())
    for key, severity in (("Less", "warning"), ("The worst", "critical")):
        await put_alert(db, cast.acme, key, severity=severity, fired_at=at)
    await put_alert(db, cast.acme, "hidden", fired_at=at, hidden_by="silence:1")
    await put_alert(db, cast.evil, "another's", fired_at=at)
    row: dict[str, Any] = dict.fromkeys(("caller", "requested_by"), "ada") | {
        "state": "confirmed",
        "parameters": {},
        "steps": [],
    }
    row |= {"iccid": ADAS_SIM, "requested_at": at, "changed_at": at, "expires_at": at}
    async with db.engine.begin() as connection:
        for number, (organization_id, kind) in enumerate(
            [(cast.acme, "reset"), (cast.acme, "reset"), (cast.acme, "label"), (cast.evil, "sms")]
        ):
            named = {"organization_id": organization_id, "kind": kind, "idempotency_key": str(number)}
            await connection.execute(sa.insert(actions).values(row | named))
    async with db.transaction() as transaction:
        trouble: dict[str, Any] = {"reason": "no answer", "failures": 8, "retry_at": None}
        for minutes, state in (
            (300, CircuitState.OPEN),
            (299, CircuitState.CLOSED),
            (9, CircuitState.OPEN),
            (8, CircuitState.HALF_OPEN),
        ):
            await record_circuit(
                transaction,
                cast.acme,
                state,
                at=NOW - minutes * MINUTE,
                **trouble | {"retry_at": NOW - minutes * MINUTE},
            )
    found = await drawn(db, cast, "1h")
    assert [(one.at, one.number, one.severity, one.text) for one in found.alerts] == [
        (step, 2, "critical", "2 alerts, the worst: The worst")
    ]
    assert [(one.at, one.number, one.text) for one in found.actions] == [(step, 3, "1 × Label, 2 × Connectivity reset")]
    assert [(one.since, one.until) for one in found.outages] == [(int((NOW - 9 * MINUTE).timestamp()), None)]
    assert len((await drawn(db, cast, "6h")).outages) == 2


async def test_an_outage_ends_when_1nce_answers_again_and_is_deleted_in_time(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        for minutes, state in ((9, CircuitState.OPEN), (8, CircuitState.HALF_OPEN), (7, CircuitState.CLOSED)):
            moved: dict[str, Any] = {"at": NOW - minutes * MINUTE, "retry_at": NOW - minutes * MINUTE}
            await record_circuit(transaction, cast.acme, state, reason="no answer", failures=8, **moved)
        found = await outages(transaction.connection, cast.acme, NOW - timedelta(days=1))
        assert found == [Outage(since=NOW - 9 * MINUTE, until=NOW - 7 * MINUTE)]
        assert await outages(transaction.connection, cast.evil, NOW - timedelta(days=1)) == []
        assert await prune_outages(transaction, NOW - 7 * MINUTE) == 0
        assert await prune_outages(transaction, NOW) == 1


async def test_the_chart_says_what_it_draws_and_its_span_has_an_address(page: Page, db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    await sample(db, cast.acme, 1, now, online=12, attached=3, blocked=2)
    await page.goto("/?span=6h")
    plot = page.get_by_role("img", name="SIMs: 12 online, 3 attached, 0 offline, 2 blocked at ")
    await expect(plot).to_have_accessible_name(re.compile(r"not known for 179 of 180 steps\.$"))
    await page.get_by_role("link", name="24 h", exact=True).press("Enter")
    await expect(page).to_have_url("/?span=24h&by=operator")
    await expect(page.get_by_role("link", name="24 h", exact=True)).to_have_attribute("aria-current", "true")
