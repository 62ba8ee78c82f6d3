"""Rules that are judged by what happened to SIMs lately, and when each would have fired."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from console.alert_rules import trying
from console.alert_rules import writes as rule_writes
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.tables import sim_rhythms
from console.alert_rules.writes import NewAlertRule
from console.connectivity.tables import status_history
from console.sms.tables import sms
from console.usage.writes import record_usage
from tests.alerts.conftest import Fleet, iccids
from tests.cast import EVES_SIM

pytestmark = pytest.mark.one_edition
MB = 1024 * 1024
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE, OTHER = iccids(2)


async def uses(fleet: Fleet, iccid: str, used: list[tuple[datetime, int]], sms: int = 0) -> None:
    """Use in the hours that begin then."""
    rows = [
        {
            **dict.fromkeys(("sent_bytes", "received_bytes", "operator", "country", "rat")),
            "iccid": iccid,
            "time": hour + 30 * (HOUR / 60),
            "started_at": hour,
            "source": "streamer",
            "record_id": number,
            "data_bytes": size,
            "sms": sms,
        }
        for number, (hour, size) in enumerate(used)
    ]
    async with fleet.db.transaction() as transaction:
        await record_usage(transaction, fleet.cast.acme, rows, fleet.now)


async def places(fleet: Fleet, iccid: str, moves: list[tuple[datetime, str]]) -> None:
    key = {"organization_id": fleet.cast.acme, "iccid": iccid, "source": "poll"}
    async with fleet.db.transaction() as transaction:
        rows = [{**key, "time": at, "connection": connection} for at, connection in moves]
        await transaction.connection.execute(sa.insert(status_history), rows)


async def messages(fleet: Fleet, iccid: str, sent: list[tuple[datetime, str]]) -> None:
    key = {"organization_id": fleet.cast.acme, "iccid": iccid, "direction": "mt", "source": "poll"}
    async with fleet.db.transaction() as transaction:
        rows = [{**key, "id": f"{at:%d%H%M%S}", "time": at, "status": status} for at, status in sent]
        await transaction.connection.execute(sa.insert(sms), rows)


async def tried(fleet: Fleet, kind: RuleKind, parameters: RuleParameters, wanted: str = "") -> trying.Tried:
    asked = NewAlertRule(name="Rule", kind=kind, parameters=parameters, filter=wanted)
    async with fleet.db.reading() as connection:
        return await trying.tried(connection, fleet.cast.acme, asked, fleet.now)


def at_hour(fleet: Fleet) -> datetime:
    return fleet.now.replace(minute=0, second=0, microsecond=0)


async def states(fleet: Fleet) -> list[tuple[str | None, str]]:
    return sorted((one.iccid, one.state) for one in await fleet.alerts())


async def test_a_use_far_above_that_of_the_same_hours_of_four_weeks_fires_and_ends(fleet: Fleet) -> None:
    hour, usual = at_hour(fleet), [28 * DAY + HOUR, 28 * DAY, 21 * DAY, 14 * DAY, 7 * DAY]
    await fleet.lists([ONE, OTHER])
    await fleet.moves([ONE, OTHER], "online")
    asked = RuleParameters(deviations=5, least_bytes=10 * MB)
    await fleet.polled()
    await fleet.rule(kind=RuleKind.USAGE_SPIKE, parameters=asked)
    await uses(fleet, ONE, [(hour - back, MB) for back in usual] + [(hour - HOUR, 40 * MB)])
    await uses(fleet, OTHER, [(hour - DAY, MB), (hour - HOUR, 40 * MB)])  # known for a day: nothing is usual
    fleet.wait(seconds=61)
    await fleet.judge()
    alert = await fleet.alert()
    assert (alert.iccid, alert.state) == (ONE, "firing")
    assert alert.title == f"Usage spike: {ONE}, 40.0 MB in the hour from 09:00 UTC, usually 0.0"
    found = await tried(fleet, RuleKind.USAGE_SPIKE, asked)
    assert [(one.at, one.subject) for one in found.firings] == [(hour - HOUR, ONE)]
    fleet.wait(hours=2)
    await fleet.polled()
    await fleet.judge()
    assert (await fleet.alert()).state == "resolved"


async def test_while_nothing_comes_in_a_spike_neither_begins_nor_ends(fleet: Fleet) -> None:
    hour = at_hour(fleet)
    await fleet.lists([ONE])
    await fleet.polled()
    await fleet.rule(kind=RuleKind.USAGE_SPIKE, parameters=RuleParameters(deviations=5, least_bytes=MB))
    await uses(fleet, ONE, [(hour - 29 * DAY, MB), (hour, 40 * MB)])
    fleet.wait(seconds=61)
    await fleet.judge()
    assert (await fleet.alert()).state == "firing"
    fleet.wait(hours=3)
    await fleet.judge()
    alert = await fleet.alert()
    assert (alert.state, alert.change) == ("firing", "cannot_judge")


async def test_sessions_that_flap_fire_and_end_by_half(fleet: Fleet) -> None:
    asked = RuleParameters(sessions=4, minutes=60)
    await fleet.lists([ONE, OTHER])
    await fleet.polled()
    await fleet.rule(kind=RuleKind.SESSIONS_FLAPPING, parameters=asked)
    flaps = [fleet.now - minutes * HOUR / 60 for minutes in (50, 40, 30, 20)]
    for at in flaps:
        await places(fleet, ONE, [(at, "online"), (at - HOUR / 60, "attached")])
        await places(fleet, OTHER, [(at, "online")])  # it moves from cell to cell
    fleet.wait(seconds=61)
    await fleet.judge()
    assert await states(fleet) == [(ONE, "firing")]
    assert (await fleet.alert()).title == f"Sessions flapping: {ONE}, 4 sessions in 60 minutes"
    found = await tried(fleet, RuleKind.SESSIONS_FLAPPING, asked)
    assert [(one.at, one.subject) for one in found.firings] == [(flaps[-1], ONE)]
    for minutes, state in ((25, "firing"), (10, "resolved")):  # two, then one within the hour
        fleet.wait(minutes=minutes)
        await fleet.polled()
        await fleet.judge()
        assert (await fleet.alert()).state == state


async def test_messages_that_do_not_arrive_fire_until_one_arrives(fleet: Fleet) -> None:
    asked = RuleParameters(failures=2, hours=24)
    await fleet.lists([ONE, OTHER])
    await fleet.polled()
    await fleet.rule(kind=RuleKind.SMS_FAILING, parameters=asked)
    second = fleet.now - 2 * HOUR
    await messages(fleet, ONE, [(fleet.now - 3 * HOUR, "failed"), (second, "expired"), (second + HOUR, "pending")])
    await messages(fleet, OTHER, [(second, "failed"), (second + HOUR / 60, "delivered"), (second + HOUR, "failed")])
    fleet.wait(seconds=61)
    await fleet.judge()
    assert await states(fleet) == [(ONE, "firing")]
    found = await tried(fleet, RuleKind.SMS_FAILING, asked)
    assert [(one.at, one.subject) for one in found.firings] == [(second, ONE)]
    await messages(fleet, ONE, [(fleet.now - HOUR / 2, "delivered")])
    fleet.wait(seconds=61)
    await fleet.judge()
    assert (await fleet.alert()).state == "resolved"


async def test_registered_without_a_session_counts_from_the_last_session(fleet: Fleet) -> None:
    asked = RuleParameters(minutes=60)
    await fleet.moves([ONE], "online")
    await fleet.polled()
    await fleet.rule(kind=RuleKind.NO_SESSION, parameters=asked)
    await fleet.moves([ONE], "attached")
    await fleet.judge()
    fleet.wait(minutes=50)
    await fleet.moves([ONE], "online")
    await fleet.moves([ONE], "attached", connection_at=fleet.now + timedelta(seconds=1))
    await fleet.polled()
    await fleet.judge()
    fleet.wait(minutes=50)
    await fleet.polled()
    await fleet.judge()
    assert await fleet.alerts() == [], "it had a session fifty minutes ago"
    fleet.wait(minutes=11)
    await fleet.polled()
    await fleet.judge()
    alert = await fleet.alert()
    assert (alert.state, alert.title) == (
        "firing",
        f"Registered without session: {ONE}, since 2026-11-20 10:50 UTC",
    )
    await fleet.moves([ONE], "online")
    await fleet.judge()
    assert (await fleet.alert()).state == "resolved"


async def test_a_trial_of_registered_without_a_session_counts_whole_stays(fleet: Fleet) -> None:
    began = fleet.now - 10 * HOUR
    moves = [(began - HOUR, "online"), (began, "attached"), (began + HOUR, "attached"), (began + 3 * HOUR, "online")]
    await places(fleet, ONE, moves)
    found = await tried(fleet, RuleKind.NO_SESSION, RuleParameters(minutes=150))
    assert [(one.at, one.subject) for one in found.firings] == [(began + timedelta(minutes=150), ONE)]
    assert not (await tried(fleet, RuleKind.NO_SESSION, RuleParameters(minutes=180))).firings
    assert not (await tried(fleet, RuleKind.NO_SESSION, RuleParameters(minutes=150), "country=FR")).firings


async def test_a_sim_is_silent_once_it_is_out_of_contact_for_longer_than_ever_and_thrice_its_usual(
    fleet: Fleet,
) -> None:
    asked = RuleParameters(times=3, hours=2)
    hour = at_hour(fleet)
    seen = [hour - hours * HOUR for hours in range(6, 12 * 24, 2)]  # each second hour until six hours ago
    await fleet.moves([ONE, OTHER], "online", last_seen_at=seen[0])
    await uses(fleet, ONE, [(at, MB) for at in seen])
    await uses(fleet, OTHER, [(at, MB) for at in seen[:5]])  # too few to have a rhythm
    async with fleet.db.transaction() as transaction:
        found = await rule_writes.measure_rhythms(transaction, fleet.cast.acme, [ONE, OTHER, EVES_SIM], fleet.now)
        assert found == 1
        rows = (await transaction.connection.execute(sa.select(sim_rhythms))).all()
    assert [(row.iccid, row.usual_gap_seconds, row.longest_gap_seconds) for row in rows] == [(ONE, 7_200, 7_200)]
    await fleet.polled()
    await fleet.rule(kind=RuleKind.SILENT, parameters=asked)
    assert await fleet.alerts() == [], "six hours are three times the usual, not longer"
    fleet.wait(minutes=2)
    await fleet.judge()
    assert await fleet.alerts() == [], "1NCE was not asked about it since"
    fleet.wait(minutes=2)
    await fleet.polled()
    await fleet.judge()
    alert = await fleet.alert()
    assert (alert.iccid, alert.state) == (ONE, "firing")
    assert (
        alert.title == f"{'Silent against its own rhythm'}: {ONE}, last seen 2026-11-20 04:00 UTC, usually each 2 hours"
    )
    trial = await tried(fleet, RuleKind.SILENT, asked)
    assert [(one.at, one.subject) for one in trial.firings] == [(seen[0] + 6 * HOUR, ONE)]
    await fleet.moves([ONE], "online")
    fleet.wait(seconds=61)
    await fleet.polled()
    await fleet.judge()
    assert (await fleet.alert()).state == "resolved"


async def test_a_filter_holds_for_histories_too(fleet: Fleet) -> None:
    await fleet.moves([ONE], "online", country="DE")
    await fleet.moves([OTHER], "online", country="FR")
    await fleet.polled()
    asked: dict[str, Any] = {"kind": RuleKind.SMS_FAILING, "parameters": RuleParameters(failures=1, hours=24)}
    await fleet.rule(**asked, filter="country=FR")
    for iccid in (ONE, OTHER):
        await messages(fleet, iccid, [(fleet.now - HOUR, "failed")])
    fleet.wait(seconds=61)
    await fleet.judge()
    assert await states(fleet) == [(OTHER, "firing")]
    await fleet.moves([OTHER], "online", country="DE")
    fleet.wait(seconds=61)
    await fleet.judge()
    assert (await fleet.alert()).state == "resolved"
