"""A rule that is made more urgent sends its alerts as it asks now: once, and to whom they were not sent."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from console.alert_rules import writes as rule_writes
from console.alert_rules.reads import AlertRule
from console.alert_rules.writes import NewAlertRule
from console.alerts import reads
from console.alerts.writes import rehide
from console.facts.alerts import Priority, Severity
from console.notifications.bodies import ChannelSetting
from console.notifications.writes import change_channel
from console.settings import Settings
from console.silences.bodies import NewSilence
from console.silences.rules import Label, Matcher
from console.silences.writes import add_silence, end_silence
from tests.alerts.conftest import Fleet
from tests.alerts.test_escalating import KIND, NOON, acknowledge, pass_time, put_on_call, waits_for_a_lock
from tests.alerts.test_informing import EVERY, asked, channel, come_back, leave

pytestmark = pytest.mark.one_edition


async def edit(fleet: Fleet, rule: AlertRule, **wanted: Any) -> list[str]:
    """What is sent once the rule was changed to this, and judged twice."""
    asks = NewAlertRule(name="Rule", **KIND, **wanted)
    async with fleet.db.transaction() as transaction:
        await rule_writes.change(transaction, fleet.cast.ada, rule.id, asks, fleet.now)
    await fleet.judge()
    await fleet.judge()
    return await asked(fleet)


async def said(fleet: Fleet) -> list[str]:
    """The history of the alert, the first first."""
    async with fleet.db.reading() as reading:
        history = await reads.history(reading, fleet.cast.acme, (await fleet.alert()).id, limit=50)
    return [f"{one.change}: {one.text}" if one.text else one.change for one in reversed(history)]


async def test_an_alert_whose_rule_is_made_more_urgent_is_sent_once(fleet: Fleet, settings: Settings) -> None:
    await put_on_call(fleet, settings, "ada", "otto", "eva")
    await channel(fleet, settings, "room")
    await channel(fleet, settings, "worst", least_severity=Severity.CRITICAL)
    rule = await fleet.rule(**KIND, severity=Severity.WARNING)
    await leave(fleet)
    assert await asked(fleet) == ["room alert.firing"]
    assert await edit(fleet, rule, severity=Severity.WARNING, for_seconds=1) == [], "no more urgent"
    assert await edit(fleet, rule, severity=Severity.WARNING, priority=Priority.P2) == ["ada alert.page"]
    assert await pass_time(fleet, 14.9) == []
    assert await edit(fleet, rule, severity=Severity.CRITICAL) == ["ada alert.page", "worst alert.firing"]
    assert (await pass_time(fleet, 4.9), await pass_time(fleet, 0.1)) == ([], ["otto alert.page"])
    assert await edit(fleet, rule, severity=Severity.INFO) == [], "what was sent stays"
    alert = await fleet.alert()
    assert (alert.severity, alert.priority, alert.state) == ("info", "P3", "firing")
    assert await pass_time(fleet, 60) == []
    assert [line for line in await said(fleet) if line.startswith(("raised", "lowered"))] == [
        "raised: P3 to P2",
        "raised: warning to critical, P2 to P1",
        "lowered: critical to info, P1 to P3",
    ]


async def test_a_more_urgent_rule_sends_nothing_that_somebody_has_noted_or_hidden(
    fleet: Fleet, settings: Settings
) -> None:
    await put_on_call(fleet, settings, "ada", "otto")
    await channel(fleet, settings, "worst", least_severity=Severity.CRITICAL)
    rule = await fleet.rule(**KIND, severity=Severity.WARNING)
    await leave(fleet)
    await acknowledge(fleet, minutes=30)
    assert await edit(fleet, rule, severity=Severity.CRITICAL) == []
    assert (await said(fleet))[-1] == "raised: warning to critical, P3 to P1"
    fleet.wait(minutes=31)
    await fleet.polled()
    await fleet.judge()
    assert await asked(fleet) == ["ada alert.page"], "once the acknowledgement ends"
    assert await edit(fleet, rule, severity=Severity.WARNING) == []
    async with fleet.db.transaction() as transaction:
        matchers = [Matcher(label=Label.SEVERITY, values=["critical"])]
        silence = NewSilence(matchers=matchers, reason="works", ends_at=fleet.now.replace(hour=12))
        await add_silence(transaction, fleet.cast.acme, silence, "otto", fleet.now, long=False)
    assert await edit(fleet, rule, severity=Severity.CRITICAL) == [], "a silence hides it from here on"
    assert ((await fleet.alert()).hidden_by or "").startswith("silence:")


async def test_what_begins_with_the_change_of_its_rule_is_sent_once(fleet: Fleet, settings: Settings) -> None:
    made = await put_on_call(fleet, settings, "ada")
    async with fleet.db.transaction() as transaction:
        setting = ChannelSetting(name="ada", by_route=True)
        await change_channel(transaction, settings, fleet.cast.acme, made["ada"], None, setting, fleet.now)
    rule = await fleet.rule(**KIND, severity=Severity.WARNING, priority=Priority.P4, for_seconds=600)
    await leave(fleet)
    assert await edit(fleet, rule, severity=Severity.WARNING, priority=Priority.P3, for_seconds=600) == []
    assert (await said(fleet))[-1] == "raised: P4 to P3", "while it is pending"
    assert await edit(fleet, rule, severity=Severity.WARNING, priority=Priority.P4) == []
    assert (await fleet.alert()).state == "firing"
    assert await edit(fleet, rule, severity=Severity.CRITICAL) == ["ada alert.page"], "one to a channel, not two"


async def silence(fleet: Fleet, label: Label, value: str) -> int:
    """The number of a silence until noon of what has this."""
    asks = NewSilence(matchers=[Matcher(label=label, values=[value])], reason="works", ends_at=NOON)
    async with fleet.db.transaction() as transaction:
        return await add_silence(transaction, fleet.cast.acme, asks, "otto", fleet.now, long=False)


async def look_at_silences(fleet: Fleet) -> list[str]:
    """What is sent once alerts are hidden and shown as it is due."""
    async with fleet.db.transaction() as transaction:
        await rehide(transaction, fleet.cast.acme, fleet.now)
    return await asked(fleet)


async def test_what_a_raised_severity_shows_is_sent(fleet: Fleet, settings: Settings) -> None:
    await put_on_call(fleet, settings, "ada", "otto")
    await channel(fleet, settings, "room")
    rule = await fleet.rule(**KIND, severity=Severity.WARNING, priority=Priority.P2)
    await silence(fleet, Label.SEVERITY, "warning")
    await leave(fleet)
    assert await asked(fleet) == []
    sent = await edit(fleet, rule, severity=Severity.CRITICAL, priority=Priority.P2)
    assert [*sent, *await look_at_silences(fleet)] == ["ada alert.page", "room alert.firing"]
    assert (await pass_time(fleet, 14.9), await pass_time(fleet, 0.1)) == ([], ["otto alert.page"])


async def test_what_fires_again_as_its_silence_ends_is_sent(fleet: Fleet, settings: Settings) -> None:
    await put_on_call(fleet, settings, "ada")
    await channel(fleet, settings, "room")
    await fleet.rule(**KIND, severity=Severity.CRITICAL, keep_firing_seconds=7200)
    number = await silence(fleet, Label.SEVERITY, "critical")
    await leave(fleet)
    await come_back(fleet)
    async with fleet.db.transaction() as transaction:
        await end_silence(transaction, fleet.cast.acme, number, "otto", fleet.now)
    fleet.wait(seconds=30)
    await fleet.moves(EVERY[:50], "offline")
    await fleet.judge()  # before any worker has shown it
    assert (await fleet.alert()).state == "firing"
    assert [*await asked(fleet), *await look_at_silences(fleet)] == ["ada alert.page", "room alert.firing"]


async def test_what_was_raised_while_it_recovered_is_sent_as_it_fires_again(fleet: Fleet, settings: Settings) -> None:
    await put_on_call(fleet, settings, "ada", "otto")
    await channel(fleet, settings, "room")
    kept: dict[str, Any] = {"severity": Severity.WARNING, "keep_firing_seconds": 7200}
    rule = await fleet.rule(**KIND, **kept, priority=Priority.P4)
    await leave(fleet)
    await come_back(fleet)
    assert await edit(fleet, rule, **kept, priority=Priority.P1) == [], "it may be over"
    fleet.wait(seconds=30)
    await fleet.moves(EVERY[:50], "offline")
    await fleet.judge()
    assert [*await asked(fleet), *await pass_time(fleet, 0)] == ["room alert.firing", "ada alert.page"]
    await come_back(fleet)
    fleet.wait(seconds=30)
    await fleet.moves(EVERY[:50], "offline")
    await fleet.judge()
    assert await asked(fleet) == [], "once"


async def test_what_is_shown_by_its_new_priority_before_it_is_judged_is_sent_once(
    fleet: Fleet, settings: Settings
) -> None:
    await put_on_call(fleet, settings, "ada", "otto")
    rule = await fleet.rule(**KIND, severity=Severity.WARNING)
    number = await silence(fleet, Label.SEVERITY, "warning")
    await leave(fleet)
    async with fleet.db.transaction() as transaction:
        asks = NewAlertRule(name="Rule", **KIND, severity=Severity.WARNING, priority=Priority.P1)
        await rule_writes.change(transaction, fleet.cast.ada, rule.id, asks, fleet.now)
    fleet.wait(seconds=1)
    async with fleet.db.transaction() as transaction:
        await end_silence(transaction, fleet.cast.acme, number, "otto", fleet.now)
    assert await look_at_silences(fleet) == ["ada alert.page"]
    await fleet.judge()
    assert await asked(fleet) == []
    assert (await said(fleet))[-1] == "raised: P3 to P1"
    assert await pass_time(fleet, 5) == ["otto alert.page"]
    assert await edit(fleet, rule, severity=Severity.WARNING, priority=Priority.P2) == []
    fleet.wait(seconds=1)
    assert await edit(fleet, rule, severity=Severity.WARNING, priority=Priority.P1) == ["ada alert.page"], "raised anew"


async def test_a_rule_that_is_changed_while_it_is_judged_sends_once(fleet: Fleet, settings: Settings) -> None:
    await put_on_call(fleet, settings, "ada", "otto")
    rule = await fleet.rule(**KIND, severity=Severity.WARNING)
    await leave(fleet)

    async def change(**wanted: Any) -> None:
        asks = NewAlertRule(name="Rule", **KIND, severity=Severity.WARNING, priority=Priority.P1, **wanted)
        async with fleet.db.transaction() as transaction:
            await rule_writes.change(transaction, fleet.cast.ada, rule.id, asks, fleet.now)

    await change()
    await fleet.moves(EVERY[50:52], "offline")
    async with fleet.db.transaction() as holding:
        await holding.connection.execute(sa.text("SELECT 1 FROM unjudged_changes FOR UPDATE"))
        judging = asyncio.create_task(fleet.judge())  # it has read the rule once it waits for these
        await waits_for_a_lock(fleet)
        await change(keep_firing_seconds=1)
    await judging
    assert await asked(fleet) == ["ada alert.page"]
    await fleet.judge()
    assert await asked(fleet) == [], "raised once"
    async with fleet.db.reading() as reading:
        query = sa.text("SELECT judged_revision = revision FROM alert_rules WHERE id = :rule")
        assert (await reading.execute(query, {"rule": rule.id})).scalar_one(), "and judged as it is now"
