"""Who is on call gets an alert at once; who follows, while nobody acknowledges: once each."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.acting import acting
from console.alert_rules.kinds import RuleKind
from console.alerts import commands, reads
from console.alerts.commands import Acknowledgement
from console.alerts.paging import due, escalation_of
from console.alerts.writes import escalate, rehide
from console.facts.alerts import AlertChange, Priority, Severity
from console.notifications.bodies import ChannelSetting
from console.notifications.on_call import USUAL, OnCallPerson, Rota, ShiftLength
from console.notifications.on_call_writes import put_priorities, put_rota
from console.notifications.rules import ChannelKind
from console.notifications.writes import add_channel, disable_channel
from console.organizations.rules import Permission
from console.settings import Settings
from console.silences.bodies import NewSilence
from console.silences.rules import Label, Matcher
from console.silences.writes import add_silence
from tests.alerts.conftest import Fleet
from tests.alerts.test_informing import EVERY, LOST, asked, channel, come_back, leave

pytestmark = pytest.mark.one_edition
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KIND: dict[str, Any] = {"kind": RuleKind.SHARE_LEFT, "parameters": LOST}


async def put_on_call(fleet: Fleet, settings: Settings, *names: str, rounds: int = 3) -> dict[str, int]:
    """People of these names, each with a channel of their own, by whose ids they are reached."""
    made = {}
    async with fleet.db.transaction() as transaction:
        for name in names:
            setting = ChannelSetting(name=name, by_route=False)
            address = f"https://{name}.example.com"
            made[name], _ = await add_channel(
                transaction, settings, fleet.cast.acme, ChannelKind.WEBHOOK, address, setting, "ada", fleet.now
            )
        people = [OnCallPerson(name=name, channel_id=number) for name, number in made.items()]
        rota = Rota(
            time_zone="UTC",
            hand_over="08:00",
            shift=ShiftLength.WEEK,
            first_day=date(2026, 11, 16),
            people=people,
            rounds=rounds,
        )
        await put_rota(transaction, fleet.cast.acme, rota)
    return made


async def pass_time(fleet: Fleet, minutes: float) -> list[str]:
    """What was sent once so much time has passed."""
    fleet.wait(minutes=minutes)
    async with fleet.db.transaction() as transaction:
        await escalate(transaction, fleet.cast.acme, fleet.now)
    return await asked(fleet)


async def acknowledge(fleet: Fleet, minutes: int | None = None) -> None:
    ada = structs.replace(fleet.cast.ada, permissions=frozenset({Permission.ALERTS_ACT}))
    number = str((await fleet.alert()).id)
    async with fleet.db.transaction() as transaction, acting(transaction, ada, "alert.acknowledge") as act:
        await commands.acknowledge(transaction, act, ada, number, Acknowledgement(minutes=minutes), fleet.now)


async def test_a_critical_alert_goes_to_who_is_on_call_and_on_until_somebody_acknowledges(
    fleet: Fleet, settings: Settings
) -> None:
    await put_on_call(fleet, settings, "ada", "otto")
    await channel(fleet, settings, "room")
    await fleet.rule(**KIND, severity=Severity.CRITICAL)
    await leave(fleet)
    alert = await fleet.alert()
    assert (alert.priority, alert.change) == ("P1", "paged")
    assert await asked(fleet) == ["ada alert.page", "room alert.firing"]
    assert await pass_time(fleet, 4.9) == []
    assert await pass_time(fleet, 0.1) == ["otto alert.page"]
    assert await pass_time(fleet, 0) == [], "once"
    assert await pass_time(fleet, 5) == ["ada alert.page"], "the second round"
    async with fleet.db.reading() as reading:
        history = await reads.history(reading, fleet.cast.acme, alert.id, limit=9)
        found = await escalation_of(reading, fleet.cast.acme, alert.id)
    said = [one.text for one in reversed(history) if one.change == AlertChange.PAGED]
    assert said[0] == "ada; otto gets it after 5 minutes"
    assert found is not None
    assert found.sent_to == ["ada", "otto", "ada"]
    await acknowledge(fleet)
    assert await pass_time(fleet, 60) == []
    await come_back(fleet)
    assert sorted(await asked(fleet)) == ["ada alert.resolved", "otto alert.resolved", "room alert.resolved"]


async def test_it_ends_after_the_rounds_and_says_so(fleet: Fleet, settings: Settings) -> None:
    await put_on_call(fleet, settings, "ada", "otto", rounds=1)
    await fleet.rule(**KIND, severity=Severity.CRITICAL)
    await leave(fleet)
    assert [*await asked(fleet), *await pass_time(fleet, 5), *await pass_time(fleet, 5)] == [
        "ada alert.page",
        "otto alert.page",
    ]
    async with fleet.db.reading() as reading:
        history = await reads.history(reading, fleet.cast.acme, (await fleet.alert()).id, limit=1)
        assert await due(reading, fleet.cast.acme, fleet.now) == []
    assert history[0].text == "otto; nobody else gets it"


async def test_an_acknowledgement_that_ends_begins_it_anew(fleet: Fleet, settings: Settings) -> None:
    await put_on_call(fleet, settings, "ada", "otto")
    await fleet.rule(**KIND, severity=Severity.CRITICAL)
    await leave(fleet)
    assert [*await asked(fleet), *await pass_time(fleet, 5)] == ["ada alert.page", "otto alert.page"]
    await acknowledge(fleet, minutes=30)
    assert await pass_time(fleet, 29) == []
    fleet.wait(minutes=2)
    await fleet.polled()
    await fleet.judge()
    assert await asked(fleet) == ["ada alert.page"]
    assert await pass_time(fleet, 5) == ["otto alert.page"]


async def test_an_acknowledgement_that_ends_as_it_fires_again_begins_it_anew(fleet: Fleet, settings: Settings) -> None:
    await put_on_call(fleet, settings, "ada", "otto")
    await fleet.rule(**KIND, severity=Severity.CRITICAL, keep_firing_seconds=7200)
    await leave(fleet)
    assert await asked(fleet) == ["ada alert.page"]
    await acknowledge(fleet, minutes=30)
    await come_back(fleet)
    assert (await fleet.alert()).state == "recovering"
    fleet.wait(minutes=31)  # while no worker judges
    await fleet.polled()
    await fleet.moves(EVERY[:50], "offline")
    await fleet.judge()
    found = await fleet.alert()
    assert (found.state, found.acknowledged_at) == ("firing", None)
    assert await asked(fleet) == ["ada alert.page"]
    assert await pass_time(fleet, 5) == ["otto alert.page"]
    async with fleet.db.reading() as reading:
        history = await reads.history(reading, fleet.cast.acme, found.id, limit=9)
    assert [one.change for one in history[:4]] == ["paged", "paged", "acknowledgement_ended", "fired_again"]


async def test_what_is_hidden_waits(fleet: Fleet, settings: Settings) -> None:
    await put_on_call(fleet, settings, "ada", "otto")
    await fleet.rule(**KIND, severity=Severity.CRITICAL)
    await leave(fleet)
    assert await asked(fleet) == ["ada alert.page"]
    async with fleet.db.transaction() as transaction:
        matchers = [Matcher(label=Label.OPERATOR, values=["A"])]
        silence = NewSilence(matchers=matchers, reason="works", ends_at=fleet.now.replace(hour=12))
        await add_silence(transaction, fleet.cast.acme, silence, "otto", fleet.now, long=False)
        await rehide(transaction, fleet.cast.acme, fleet.now)
    assert await pass_time(fleet, 30) == []
    async with fleet.db.transaction() as transaction:
        await rehide(transaction, fleet.cast.acme, fleet.now.replace(hour=12))
    assert await pass_time(fleet, 0) == ["otto alert.page"], "it goes on where it was"


async def test_priorities_say_what_is_sent(fleet: Fleet, settings: Settings) -> None:
    made = await put_on_call(fleet, settings, "ada", "otto")
    await channel(fleet, settings, "room", least_severity=Severity.INFO)
    for priority, expected in (
        (Priority.P2, ["ada alert.page", "room alert.firing"]),
        (Priority.P3, ["room alert.firing"]),
        (Priority.P4, []),
        (None, ["room alert.firing"]),
    ):
        await fleet.rule(**KIND, severity=Severity.WARNING, priority=priority)
        await leave(fleet)
        assert await asked(fleet) == expected, priority
        if priority is Priority.P2:
            assert (await pass_time(fleet, 14.9), await pass_time(fleet, 0.2)) == ([], ["otto alert.page"])
        fleet.wait(minutes=20)
        await come_back(fleet)
        ended = {line.split()[0] for line in await asked(fleet)}
        assert ended == {line.split()[0] for line in expected} | ({"otto"} if priority is Priority.P2 else set())
    async with fleet.db.transaction() as transaction:
        changed = [structs.replace(USUAL[0], escalate_after_minutes=None, sends=False), *USUAL[1:]]
        await put_priorities(transaction, fleet.cast.acme, changed)
        await disable_channel(transaction, fleet.cast.acme, made["ada"], "gone", fleet.now)
    await fleet.rule(**KIND, severity=Severity.CRITICAL)
    await leave(fleet)
    assert await asked(fleet) == ["otto alert.page"], "no channel reaches ada"
    assert await pass_time(fleet, 60) == []


async def waits_for_a_lock(fleet: Fleet) -> None:
    query = sa.text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')")
    async with asyncio.timeout(10):
        while True:
            async with fleet.db.reading() as reading:
                if (await reading.execute(query)).scalar_one():
                    return
            await asyncio.sleep(0.01)


async def test_several_workers_send_it_to_one_person(fleet: Fleet, settings: Settings) -> None:
    await put_on_call(fleet, settings, "ada", "otto", "eva")
    await fleet.rule(**KIND, severity=Severity.CRITICAL)
    await leave(fleet)
    await asked(fleet)
    fleet.wait(minutes=5)

    async def work() -> int:
        async with fleet.db.transaction() as transaction:
            return await escalate(transaction, fleet.cast.acme, fleet.now)

    assert sum(await asyncio.gather(*(work() for _ in range(6)))) == 1
    assert await asked(fleet) == ["otto alert.page"]
    with pytest.raises(ZeroDivisionError):  # a worker that is lost before it commits has sent nothing
        async with fleet.db.transaction() as transaction:
            assert await escalate(transaction, fleet.cast.acme, fleet.now.replace(hour=11)) == 1
            raise ZeroDivisionError
    assert await asked(fleet) == []
    assert await pass_time(fleet, 5) == ["eva alert.page"]
    async with fleet.db.engine.begin() as connection:
        keys = list((await connection.execute(sa.text("SELECT deduplication_key FROM deliveries"))).scalars())
    assert len(keys) == len(set(keys)) == 3
