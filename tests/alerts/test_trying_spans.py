"""A rule that asks where a SIM is, tried: it would have fired when and as often as it does when it is judged."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from console.alert_rules import trying
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.trying_spans import fired
from console.alert_rules.writes import NewAlertRule
from console.connectivity.tables import status_history
from tests.alerts.conftest import START, Fleet, iccids

pytestmark = pytest.mark.one_edition
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
(ONE, OTHER) = iccids(2)


async def places(fleet: Fleet, iccid: str, *moves: tuple[timedelta, str, str | None]) -> None:
    """How long ago it went where: its connection and country."""
    key = {"organization_id": fleet.cast.acme, "iccid": iccid, "source": "poll"}
    rows = [
        {**key, "time": fleet.now - ago, "connection": connection, "country": country}
        for ago, connection, country in moves
    ]
    async with fleet.db.transaction() as transaction:
        if rows:
            await transaction.connection.execute(sa.insert(status_history), rows)


async def tried(fleet: Fleet, kind: RuleKind, parameters: RuleParameters, **wanted: Any) -> list[tuple[str, timedelta]]:
    """For which SIM it would have fired how long ago."""
    asked = NewAlertRule(name="Rule", kind=kind, parameters=parameters, **wanted)
    async with fleet.db.reading() as connection:
        found = await trying.tried(connection, fleet.cast.acme, asked, fleet.now)
    assert "not reckoned with" not in found.text
    return [(one.subject, fleet.now - one.at) for one in found.firings]


async def test_silence_that_began_before_the_seven_days_fires_within_them(fleet: Fleet) -> None:
    await places(fleet, ONE, (10 * DAY, "online", "DE"), (8.5 * DAY, "offline", None))
    await places(fleet, OTHER, (2 * DAY, "online", "DE"), (30 * HOUR, "offline", None), (10 * HOUR, "blocked", None))
    cases: list[tuple[int, list[tuple[str, timedelta]]]] = [
        (1, [(OTHER, 6 * HOUR)]),
        (2, [(ONE, 6.5 * DAY)]),
        (7, [(ONE, 1.5 * DAY)]),
        (8, [(ONE, 0.5 * DAY)]),
        (9, []),
    ]
    for days, expected in cases:
        assert await tried(fleet, RuleKind.NO_CONTACT, RuleParameters(hours=24 * days)) == expected, days


async def test_it_fires_once_it_has_held_for_so_long_and_anew_once_it_was_over_for_so_long(fleet: Fleet) -> None:
    await places(fleet, ONE, (2 * DAY, "online", "DE"), (20 * HOUR, "offline", None), (15 * HOUR, "online", "DE"))
    await places(fleet, ONE, (14 * HOUR, "offline", None), (10 * HOUR, "online", "DE"))
    silent = RuleParameters(hours=2)
    cases: list[tuple[float, int, list[float]]] = [
        (0, 0, [18, 12]),
        (2, 0, [16, 10]),
        (2.5, 0, [15.5]),
        (3.5, 0, []),
        (0, 2, [18, 12]),
        (0, 4, [18]),
        (2.5, 4, [15.5]),
    ]
    for for_hours, keep_hours, expected in cases:
        wanted = {"for_seconds": round(for_hours * 3600), "keep_firing_seconds": keep_hours * 3600}
        found = await tried(fleet, RuleKind.NO_CONTACT, silent, **wanted)
        assert found == [(ONE, hours * HOUR) for hours in expected], (for_hours, keep_hours)


async def test_a_sim_abroad_that_is_off_and_on_again_is_one_firing(fleet: Fleet) -> None:
    abroad = RuleParameters(countries=("DE",))
    moves = [(30, "online", "DE"), (20, "online", "US"), (18, "offline", "US"), (16, "attached", "US")]
    moves.append((9, "online", "DE"))
    await places(fleet, ONE, *((hours * HOUR, connection, country) for hours, connection, country in moves))
    await places(fleet, ONE, (HOUR, "online", "FR"))
    assert await tried(fleet, RuleKind.COUNTRY_NOT_ALLOWED, abroad) == [(ONE, 20 * HOUR), (ONE, HOUR)]
    assert await tried(fleet, RuleKind.COUNTRY_NOT_ALLOWED, abroad, for_seconds=7200) == [(ONE, 18 * HOUR)]


async def test_it_says_since_when_anything_is_known(fleet: Fleet) -> None:
    asked = NewAlertRule(name="Rule", kind=RuleKind.NO_CONTACT, parameters=RuleParameters(hours=1))
    for places_known, said in (
        ([], "Nothing is known of that time yet."),
        ([(2 * DAY, "online", "DE")], "Nothing is known before 2026-11-18 10:00 UTC."),
        ([(7 * DAY, "online", "DE")], ""),
    ):
        await places(fleet, ONE, *places_known)
        async with fleet.db.reading() as connection:
            found = await trying.tried(connection, fleet.cast.acme, asked, fleet.now)
        assert found.text == f"It would have fired never in the last 7 days. {said}".rstrip()


async def test_what_does_not_reckon_with_how_long_it_must_hold_says_so(fleet: Fleet) -> None:
    asked = NewAlertRule(
        name="Rule",
        kind=RuleKind.SMS_FAILING,
        parameters=RuleParameters(failures=3, hours=24),
        for_seconds=1800,
    )
    async with fleet.db.reading() as connection:
        found = await trying.tried(connection, fleet.cast.acme, asked, fleet.now)
    said = "That it must hold for 30 minutes is not reckoned with: it may fire less often."
    assert found.text == f"It would have fired never in the last 7 days. {said}"


def test_what_comes_back_while_it_is_kept_is_the_same_firing() -> None:
    def at(hours: float) -> datetime:
        return START + hours * HOUR

    spans = [("a", at(0), at(1)), ("a", at(1.5), at(2)), ("a", at(5), at(9)), ("b", at(0), at(0.2))]
    assert fired(spans, timedelta(), timedelta()) == [(at(0), "a"), (at(1.5), "a"), (at(5), "a"), (at(0), "b")]
    assert fired(spans, timedelta(), HOUR) == [(at(0), "a"), (at(5), "a"), (at(0), "b")]
    assert fired(spans, HOUR, timedelta()) == [(at(1), "a"), (at(6), "a")]
    assert fired(spans, 2 * HOUR, 9 * HOUR) == [(at(7), "a")]
