"""Figures of the last hour and day: what was used against a week ago, who is silent, which messages did not arrive."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from console.alert_rules.tables import alert_rules
from console.alerts.silent import Silent
from console.alerts.tables import alert_subjects, alerts
from console.facts.sms import Sms
from console.pages.fleet_held import figures
from console.pages.fleet_tiles import Recent, Tile, failed_of, of_time, recent
from console.sms.writes import record_messages
from console.store.database import Database
from console.usage.lately import Lately
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast
from tests.front.test_needs_somebody import put_alert
from tests.serving import Served
from tests.streamer.test_silences import use

pytestmark = pytest.mark.one_edition
MB = 1024 * 1024


def lately(**changed: Any) -> dict[str, Tile]:
    found = Recent(
        used=Lately(hour_bytes=changed.get("hour_bytes", 5 * MB), week_ago_bytes=changed.get("week_ago_bytes", 5 * MB)),
        hour_known=changed.get("hour_known", True),
        week_ago_known=changed.get("week_ago_known", True),
        undelivered=changed.get("undelivered", 0),
        silent=changed.get("silent", Silent(sims=0, rules=1, rule_id=7, measured=True)),
    )
    return {tile.kind: tile for tile in of_time(found, 1_000)}


def test_data_of_the_last_hour_is_compared_with_the_same_hour_a_week_ago() -> None:
    over = {name: tile.over_threshold for name, tile in lately().items()}
    assert over == {"silent": False, "hour-bytes": False, "sms-failed": False}
    for hour, before, unusual in ((11, 5, True), (10, 5, False), (2, 5, True), (0, 5, True), (0, 0, False)):
        found = lately(hour_bytes=hour * MB, week_ago_bytes=before * MB)["hour-bytes"]
        assert found.over_threshold == unusual, (hour, before)
    assert lately(hour_bytes=1000, week_ago_bytes=1)["hour-bytes"].over_threshold is False
    half = lately(hour_bytes=11 * MB, hour_known=False)["hour-bytes"]
    assert (half.at_least, half.over_threshold, half.note) == (True, False, "5.0 MB a week ago")
    nothing = lately(hour_bytes=0, week_ago_bytes=0, hour_known=False, week_ago_known=False)["hour-bytes"]
    assert (nothing.number, nothing.note) == (None, "a week ago not known")


def test_nobody_is_silent_against_a_rhythm_that_is_not_known() -> None:
    new = lately(silent=Silent(sims=0, rules=1, rule_id=7, measured=False))["silent"]
    assert (new.number, new.note) == (None, "no rhythm known yet")
    usual = lately(silent=Silent(sims=0, rules=1, rule_id=7, measured=True))["silent"]
    assert (usual.number, usual.note) == (0, "longer than usual")


def test_no_message_has_failed_only_where_messages_are_read() -> None:
    unread = lately(undelivered=failed_of(0, None))["sms-failed"]
    assert (unread.number, unread.value, unread.note, unread.over_threshold) == (None, "", "no message read yet", False)
    assert [failed_of(*known) for known in ((0, True), (0, False), (2, None))] == [0, None, 2]


def test_who_is_silent_is_not_known_where_no_rule_looks() -> None:
    off = lately(silent=Silent(sims=3, rules=0, rule_id=None, measured=True))["silent"]
    assert (off.number, off.href, off.over_threshold) == (None, "/alert-rules", False)
    for sims, over in ((9, False), (10, True)):
        found = lately(silent=Silent(sims=sims, rules=1, rule_id=7, measured=True))["silent"]
        assert (found.number, found.href, found.over_threshold) == (sims, "/alerts?state=firing&rule=7", over)
    assert lately(silent=Silent(sims=1, rules=2, rule_id=7, measured=True))["silent"].href == "/alerts"
    assert [lately(undelivered=number)["sms-failed"].over_threshold for number in (2, 3)] == [False, True]


async def put_lately(db: Database, cast: Cast, now: datetime) -> None:
    """Used in the last hour and a week before, one SIM silent, one message failed; others that do not count."""
    minute = now.replace(second=0, microsecond=0)
    for ago, size in ((timedelta(minutes=5), 3 * MB), (timedelta(hours=2), MB), (timedelta(days=7, minutes=5), 2 * MB)):
        await use(db, cast, minute - ago, size, number=int(ago.total_seconds()))
    await put_alert(db, cast.acme, "silent")
    async with db.transaction() as transaction:
        connection = transaction.connection
        rule = alert_rules.c
        silent = (rule.organization_id == cast.acme) & (rule.kind == "silent")
        rule_id = (await connection.execute(sa.select(rule.id).where(silent))).scalar_one()
        alert_id = (await connection.execute(sa.select(sa.func.max(alerts.c.id)))).scalar_one()
        known = {"organization_id": cast.acme, "alert_id": alert_id, "rule_id": rule_id, "since": now}
        for subject, held in ((ADAS_SIM, True), (ADAS_OTHER_SIM, False)):
            await connection.execute(sa.insert(alert_subjects).values(**known, subject=subject, holds=held))
        for number, (direction, status, hours) in enumerate(
            [("mt", "failed", 2), ("mt", "delivered", 2), ("mo", "failed", 2), ("mt", "expired", 25)]
        ):
            time = now - timedelta(hours=hours)
            one = Sms(
                iccid=ADAS_SIM,
                direction=direction,
                id=str(number),
                time=time,
                status=status,
                payload=f"text {number}",
                source="poll",
            )
            await record_messages(transaction, cast.acme, [one], now)


async def test_tiles_of_the_last_hour_and_day_are_those_that_a_page_is_proven_with(db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    await put_lately(db, cast, now)
    async with db.reading() as reading:
        found = await recent(reading, cast.acme, now)
        others = await recent(reading, cast.evil, now)
    assert (found.used, found.undelivered) == (Lately(hour_bytes=3 * MB, week_ago_bytes=2 * MB), 1)
    assert (found.silent.number, others.silent.number, others.used.hour_bytes, others.undelivered) == (1, None, 0, None)
    assert (await figures(db, cast.evil))[0]["sms-failed"] == frozenset({""})
    held, _ = await figures(db, cast.acme)
    assert (held["silent"], held["sms-failed"]) == (1, frozenset({"1"}))
    assert isinstance(held["hour-bytes"], frozenset)
    assert str(3 * MB) in held["hour-bytes"]


async def test_each_tile_leads_to_the_list_that_it_counts(web: Served, db: Database, cast: Cast) -> None:
    await put_lately(db, cast, datetime.now(UTC))
    async with web.signed_in("vera") as vera:
        page = (await vera.get("/")).text
        failed, alerts_of_rule = (await vera.get("/sms?failed=24h")).text, (await vera.get("/alerts?rule=99999")).text
        wrong = (await vera.get("/sms?failed=1h")).text
    assert 'href="/sms?failed=24h"' in page
    assert "1 message<" in " ".join(failed.split())
    assert [f"text {number}" in failed for number in range(4)] == [True, False, False, False]
    assert "0 alerts" in alerts_of_rule
    assert "Of the rule <bdi>99999</bdi>" in " ".join(alerts_of_rule.split())
    assert "“failed”" in wrong
