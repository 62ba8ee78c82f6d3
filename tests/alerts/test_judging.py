"""What changes is judged once, whatever is killed; nothing is resolved for lack of data."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from console.alert_rules import writes as rule_writes
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.reads import rules
from console.alert_rules.ready_made import READY_MADE
from console.alert_rules.writes import NewAlertRule
from console.alerts.judging.judge import judge
from console.alerts.judging.looking import is_due
from console.alerts.tables import unjudged_changes
from console.api_keys.writes import put_key
from console.carrier.tables import carrier_circuits
from console.facts.alerts import AlertState, Severity
from console.organizations.rules import Permission
from console.organizations.tables import organizations
from console.organizations.writes import change_settings
from console.streamer.tables import streamer_health
from tests.alerts.conftest import Fleet, iccids
from tests.conftest import SECRET

pytestmark = pytest.mark.one_edition
ABROAD = RuleParameters(countries=("DE",))


async def waiting(fleet: Fleet) -> int:
    query = sa.select(sa.func.count()).where(unjudged_changes.c.organization_id == fleet.cast.acme)
    async with fleet.db.reading() as connection:
        return int((await connection.execute(query)).scalar_one())


async def test_a_change_is_judged_once_and_outlives_whoever_fails_to_judge_it(fleet: Fleet) -> None:
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=ABROAD)
    await fleet.polled()
    (one, other) = iccids(2)
    await fleet.moves([one], "online", country="US")
    assert await waiting(fleet) == 1
    with pytest.raises(ZeroDivisionError):
        async with fleet.db.transaction() as transaction:
            await judge(transaction, fleet.cast.acme, fleet.now)
            raise ZeroDivisionError
    assert (await fleet.alerts(), await waiting(fleet)) == ([], 1)
    await asyncio.gather(fleet.judge(), fleet.judge())
    alert = await fleet.alert()
    assert (alert.state, alert.iccid, alert.revision, await waiting(fleet)) == ("firing", one, 1, 0)
    await fleet.moves([other], "online", country="DE")
    await fleet.moves([one], "online", country="DE")
    await fleet.judge()
    assert (await fleet.alert()).state == "resolved"


async def test_nothing_is_resolved_and_nothing_fires_while_what_it_is_judged_by_is_stale(fleet: Fleet) -> None:
    (one, other) = iccids(2)
    await fleet.rule(kind=RuleKind.NO_CONTACT, parameters=RuleParameters(hours=1), keep_firing_seconds=600)
    await fleet.moves([one], "online")
    fleet.wait(minutes=61)
    await fleet.moves([other], "online")
    await fleet.polled()
    await fleet.judge()
    assert ((await fleet.alert()).state, (await fleet.alert()).iccid) == ("firing", one)
    fleet.wait(minutes=1)
    await fleet.moves([one], "online")
    await fleet.judge()
    assert (await fleet.alert()).state == "recovering"
    fleet.wait(hours=2)  # nothing is polled, and nothing posted
    await fleet.judge()
    stale = await fleet.alert()
    assert (stale.state, stale.cannot_judge_since, stale.change) == ("recovering", fleet.now, "cannot_judge")
    await fleet.polled()
    await fleet.moves([one, other], "online")
    await fleet.judge()
    assert ((await fleet.alert()).state, (await fleet.alert()).cannot_judge_since) == ("resolved", None)


async def test_a_changed_rule_judges_the_fleet_again_and_keeps_alerts_where_it_still_holds(fleet: Fleet) -> None:
    rule = await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=ABROAD)
    (one, other) = iccids(2)
    await fleet.polled()
    await fleet.moves([one], "online", country="US")
    await fleet.moves([other], "online", country="FR")
    await fleet.judge()
    assert {alert.iccid for alert in await fleet.alerts(state={AlertState.FIRING})} == {one, other}
    wanted = NewAlertRule(
        name="Abroad",
        kind=RuleKind.COUNTRY_NOT_ALLOWED,
        parameters=RuleParameters(countries=("DE", "FR")),
        severity=Severity.CRITICAL,
    )
    async with fleet.db.transaction() as transaction:
        await rule_writes.change(transaction, fleet.cast.ada, rule.id, wanted, fleet.now)
    await fleet.judge()
    (kept,) = await fleet.alerts(state={AlertState.FIRING})
    assert (kept.iccid, kept.severity, kept.rule) == (one, "critical", "Abroad")
    async with fleet.db.transaction() as transaction:
        await rule_writes.withdraw(transaction, fleet.cast.ada, rule.id, fleet.now)
    await fleet.judge()
    assert await fleet.alerts(state={AlertState.FIRING}) == []


async def test_a_rule_that_is_made_or_changed_while_nothing_is_reported_fires_for_no_lack_of_data(fleet: Fleet) -> None:
    (one, other, third) = iccids(3)
    await fleet.polled()
    await fleet.moves([one, other], "online")
    rule = await fleet.rule(kind=RuleKind.NO_CONTACT, parameters=RuleParameters(hours=2))
    fleet.wait(minutes=150)  # nothing is polled, and nothing posted
    await fleet.moves([third], "offline", last_seen_at=fleet.now - timedelta(hours=3))
    await fleet.judge()
    assert await fleet.alerts() == []
    wanted = NewAlertRule(name="Rule", kind=RuleKind.NO_CONTACT, parameters=RuleParameters(hours=1))
    async with fleet.db.transaction() as transaction:
        await rule_writes.change(transaction, fleet.cast.ada, rule.id, wanted, fleet.now)
    await fleet.judge()
    assert await fleet.alerts() == [], "that it was not heard of proves nothing while nobody is"
    await fleet.polled()
    await fleet.moves([other], "online")
    fleet.wait(minutes=1)
    await fleet.judge()
    assert {alert.iccid for alert in await fleet.alerts(state={AlertState.FIRING})} == {one, third}


async def test_after_an_outage_only_sims_that_were_asked_about_again_are_out_of_contact(fleet: Fleet) -> None:
    (one, other) = iccids(2)
    await fleet.polled()
    await fleet.moves([one, other], "online")
    await fleet.rule(kind=RuleKind.NO_CONTACT, parameters=RuleParameters(hours=2))
    fleet.wait(hours=5)  # 1NCE does not answer
    await fleet.judge()
    await fleet.polled(one)
    fleet.wait(minutes=2)
    await fleet.judge()
    assert (await fleet.alert()).iccid == one
    await fleet.moves([other], "online")  # it was in contact all the time
    await fleet.polled()
    fleet.wait(minutes=2)
    await fleet.judge()
    assert (await fleet.alert()).iccid == one


async def test_while_the_data_streamer_flows_silence_needs_no_poll(fleet: Fleet) -> None:
    (one, other) = iccids(2)
    await fleet.polled()
    await fleet.moves([one], "online", last_seen_at=fleet.now - timedelta(hours=1))
    await fleet.moves([other], "online")
    flowing = {"state": "flowing", "since": fleet.now, "first_post_at": fleet.now, "last_post_at": fleet.now}
    async with fleet.db.transaction() as transaction:
        new = sa.insert(streamer_health).values(organization_id=fleet.cast.acme, kind="event", **flowing)
        await transaction.connection.execute(new)
    await fleet.rule(kind=RuleKind.NO_CONTACT, parameters=RuleParameters(hours=2))
    fleet.wait(hours=4)
    await fleet.judge()
    assert (await fleet.alert()).iccid == other, "of the other a contact may have come before the streamer flowed"


async def test_a_change_fires_once_and_a_filter_leaves_sims_out(fleet: Fleet) -> None:
    (one, other) = iccids(2)
    await fleet.lists([one], label="pump", imei="867648040000001")
    await fleet.lists([other], label="van", imei="867648040000002")
    await fleet.rule(
        kind=RuleKind.IMEI_CHANGED, parameters=RuleParameters(), filter="label=pump", keep_firing_seconds=3600
    )
    await fleet.lists([one], label="pump", imei="867648040000999")
    await fleet.lists([other], label="van", imei="867648040000999")
    await fleet.judge()
    alert = await fleet.alert()
    assert (alert.iccid, alert.state) == (one, "firing")
    assert alert.title == "IMEI changed: pump, 867648040000001, now 867648040000999"
    fleet.wait(seconds=3)
    await fleet.judge()
    assert (await fleet.alert()).state == "recovering"
    fleet.wait(hours=1)
    await fleet.judge()
    assert (await fleet.alert()).state == "resolved"


async def test_each_organization_is_given_the_ready_made_rules_once(fleet: Fleet) -> None:
    await fleet.judge()
    await fleet.judge()
    async with fleet.db.reading() as connection:
        found = await rules(connection, fleet.cast.acme)
    assert [rule.name for rule in found] == [one.name for one in READY_MADE]


async def test_a_look_finds_work_when_judging_would_change_something_and_only_then(fleet: Fleet) -> None:
    async def due() -> bool:
        async with fleet.db.reading() as connection:
            return await is_due(connection, fleet.cast.acme, fleet.now)

    async def judged() -> str:
        assert await due()
        await fleet.judge()
        assert not await due()
        return (await fleet.alert()).state

    assert await due(), "nothing was ever judged"
    (one,) = iccids(1)
    await fleet.moves([one], "online", country="DE")
    await fleet.polled()
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=ABROAD, for_seconds=20, keep_firing_seconds=20)
    assert not await due()
    await fleet.moves([one], "online", country="US")
    assert await judged() == "pending"
    fleet.wait(seconds=19)
    assert not await due()
    fleet.wait(seconds=1)
    assert await judged() == "firing"
    fleet.wait(seconds=1)
    await fleet.moves([one], "online", country="DE")
    assert await judged() == "recovering"
    fleet.wait(seconds=20)
    assert await judged() == "resolved"
    fleet.wait(seconds=40)
    assert await due(), "a minute has passed: what time alone makes true"
    await fleet.judge()
    async with fleet.db.transaction() as transaction:
        new = NewAlertRule(name="1NCE", kind=RuleKind.CARRIER_FAILING, parameters=RuleParameters())
        await rule_writes.add(transaction, fleet.cast.ada, new, fleet.now)
    assert await due(), "a rule is new"
    await fleet.judge()
    assert not await due()
    async with fleet.db.transaction() as transaction:
        row = {"organization_id": fleet.cast.acme, "state": "open", "reason": "503", "since": fleet.now}
        await transaction.connection.execute(sa.insert(carrier_circuits).values(row))
    assert await due(), "1NCE does not answer"


async def test_a_secret_that_is_due_is_an_alert_until_it_is_changed(fleet: Fleet) -> None:
    acme, days = fleet.cast.acme, timedelta(days=1)
    async with fleet.db.transaction() as transaction:
        await put_key(transaction, acme, "ends", [Permission.SIMS_READ], fleet.now - 25 * days, days=30)
        await put_key(transaction, acme, "lasts", [Permission.SIMS_READ], fleet.now, days=30)
        await put_key(transaction, fleet.cast.evil, "Eve's", [Permission.SIMS_READ], fleet.now - 25 * days, days=30)
        set_at = sa.update(organizations).values(once_secret_set_at=fleet.now - 95 * days)
        await transaction.connection.execute(set_at.where(organizations.c.id == acme))
    await fleet.rule(kind=RuleKind.SECRET_DUE, parameters=RuleParameters(days=7))
    found = {one.title for one in await fleet.alerts()}
    assert f"Secret due: 1NCE's client secret is overdue since {fleet.now - 5 * days:%Y-%m-%d}" in found
    (key,) = [title for title in found if "API key" in title]
    assert key.startswith("Secret due: the API key iot_key_")
    assert key.endswith(f" ends {fleet.now + 5 * days:%Y-%m-%d}")
    assert len(found) == 2
    async with fleet.db.transaction() as transaction:
        await change_settings(transaction, SECRET, acme, {"once_client_secret": "another"})
    fleet.wait(days=6)
    await fleet.judge()
    assert [one.title for one in await fleet.alerts(state=frozenset({"firing"}))] == []
