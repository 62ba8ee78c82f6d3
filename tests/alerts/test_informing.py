"""An alert is sent when it fires and when it has resolved, once, and not while something hides it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.acting import acting
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alerts import commands
from console.alerts.commands import Acknowledgement
from console.alerts.writes import rehide
from console.facts.alerts import Severity
from console.notifications.bodies import ChannelSetting
from console.notifications.rules import ChannelKind
from console.notifications.writes import add_channel
from console.organizations.rules import Permission
from console.settings import Settings
from console.silences.bodies import NewSilence
from console.silences.rules import Label, Matcher
from console.silences.writes import add_silence, end_silence
from console.sims.tables import annotations
from tests.alerts.conftest import Fleet, iccids

pytestmark = pytest.mark.one_edition
LOST = RuleParameters(percent=20, minutes=5, by="operator", least_sims=20)
EVERY = iccids(100)


async def channel(fleet: Fleet, settings: Settings, name: str, **wanted: object) -> None:
    setting = structs.replace(ChannelSetting(name=name), **wanted)
    async with fleet.db.transaction() as transaction:
        address = f"https://{name}.example.com"
        await add_channel(
            transaction, settings, fleet.cast.acme, ChannelKind.WEBHOOK, address, setting, "ada", fleet.now
        )


async def asked(fleet: Fleet) -> list[str]:
    """What was asked for since the last time, as channel and type."""
    query = sa.text(
        "SELECT c.name || ' ' || (d.notification ->> 'type') FROM deliveries d"
        " JOIN notification_channels c ON c.id = d.channel_id WHERE d.state = 'waiting' ORDER BY d.id"
    )
    async with fleet.db.engine.begin() as connection:
        found = list((await connection.execute(query)).scalars())
        await connection.execute(sa.text("UPDATE deliveries SET state = 'delivered'"))
    return found


async def leave(fleet: Fleet) -> None:
    await fleet.moves(EVERY, "online")
    await fleet.polled()
    await fleet.judge()
    fleet.wait(seconds=30)
    await fleet.moves(EVERY[:50], "offline")
    await fleet.judge()


async def come_back(fleet: Fleet) -> None:
    fleet.wait(seconds=30)
    await fleet.moves(EVERY, "online")
    await fleet.polled()
    await fleet.judge()


async def test_who_takes_an_alert_is_informed_once_that_it_fires_and_that_it_has_resolved(
    fleet: Fleet, settings: Settings
) -> None:
    await channel(fleet, settings, "all")
    await channel(fleet, settings, "firing-only", send_resolved=False)
    await channel(fleet, settings, "tagged", tags=["pumps"])
    await fleet.rule(kind=RuleKind.SHARE_LEFT, parameters=LOST, severity=Severity.CRITICAL)
    await leave(fleet)
    assert await asked(fleet) == ["all alert.firing", "firing-only alert.firing"]
    fleet.wait(seconds=5)
    await fleet.moves(EVERY[50:60], "offline")  # it grows
    await fleet.judge()
    assert await asked(fleet) == []
    await channel(fleet, settings, "later")
    await come_back(fleet)
    assert (await fleet.alert()).state == "resolved"
    assert await asked(fleet) == ["all alert.resolved"], "who was not informed that it fires knows nothing of it"


async def test_what_a_silence_hides_is_listed_with_it_and_sent_when_the_silence_ends(
    fleet: Fleet, settings: Settings
) -> None:
    await channel(fleet, settings, "all")
    await fleet.rule(kind=RuleKind.SHARE_LEFT, parameters=LOST, severity=Severity.CRITICAL)
    matchers = [Matcher(label=Label.OPERATOR, values=["A"])]
    fleet.wait(seconds=1)
    async with fleet.db.transaction() as transaction:
        ends_at = fleet.now.replace(hour=12)
        silence = NewSilence(matchers=matchers, reason="works", ends_at=ends_at)
        number = await add_silence(transaction, fleet.cast.acme, silence, "otto", fleet.now, long=False)
    await leave(fleet)
    alert = await fleet.alert()
    assert (alert.state, alert.hidden_by) == ("firing", f"silence:{number}")
    assert await asked(fleet) == []
    fleet.wait(minutes=1)
    async with fleet.db.transaction() as transaction:
        assert await rehide(transaction, fleet.cast.acme, fleet.now) == 0
        await end_silence(transaction, fleet.cast.acme, number, "otto", fleet.now)
        assert await rehide(transaction, fleet.cast.acme, fleet.now) == 1
        assert sum("alert.changed" in item for item in transaction.items) == 1
    assert (await fleet.alert()).hidden_by is None
    assert await asked(fleet) == ["all alert.firing"]

    async with fleet.db.transaction() as transaction:
        silence = NewSilence(matchers=matchers, reason="again", ends_at=ends_at)
        number = await add_silence(transaction, fleet.cast.acme, silence, "otto", fleet.now, long=False)
        assert await rehide(transaction, fleet.cast.acme, fleet.now) == 1
        assert (await rehide(transaction, fleet.cast.acme, fleet.now.replace(hour=13))) == 1
    assert await asked(fleet) == [], "it was sent before it was hidden"


async def test_an_acknowledgement_that_may_be_forgotten_is_reminded_of_each_four_hours(
    fleet: Fleet, settings: Settings
) -> None:
    await channel(fleet, settings, "all")
    await fleet.rule(kind=RuleKind.SHARE_LEFT, parameters=LOST)
    await leave(fleet)
    assert await asked(fleet) == ["all alert.firing"]
    number = str((await fleet.alert()).id)
    ada = structs.replace(fleet.cast.ada, permissions=frozenset({Permission.ALERTS_ACT}))

    async def acknowledge(minutes: int | None = None) -> None:
        async with (
            fleet.db.transaction() as transaction,
            acting(transaction, ada, "alert.acknowledge") as act,
        ):
            wanted = Acknowledgement(minutes=minutes)
            await commands.acknowledge(transaction, act, ada, number, wanted, fleet.now)

    async def after(hours: float) -> list[str]:
        fleet.wait(hours=hours)
        await fleet.polled()
        await fleet.judge()
        return await asked(fleet)

    await acknowledge()
    assert await after(3.9) == []
    assert await after(0.2) == ["all alert.reminder"]
    assert (await fleet.alert()).change == "reminded"
    assert await after(3.9) == []
    assert await after(0.2) == ["all alert.reminder"]
    await acknowledge()
    assert await after(3.9) == [], "somebody has looked at it"
    await acknowledge(minutes=600)
    assert await after(5) == [], "that ends by itself"
    await come_back(fleet)
    assert await asked(fleet) == ["all alert.resolved"]
    assert await after(8) == []


async def test_an_alert_of_many_sims_is_hidden_by_what_hides_each_of_them(fleet: Fleet) -> None:
    *site, other = iccids(13)
    tagged = {one: ["site-7"] for one in site} | {site[0]: ["site-7", "vital"], other: ["site-8"]}
    rows = [{"organization_id": fleet.cast.acme, "iccid": one, "tags": tags} for one, tags in tagged.items()]
    async with fleet.db.transaction() as transaction:
        new = sa.insert(annotations).values(edited_at=fleet.now, edited_by="ada")
        await transaction.connection.execute(new, rows)
    await fleet.polled()
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))

    async def hides(*matchers: Matcher) -> bool:
        """Whether such a silence hides the alert while it is active."""
        ends_at = fleet.now + timedelta(minutes=1)
        asked_for = NewSilence(matchers=list(matchers), reason="works", ends_at=ends_at)
        async with fleet.db.transaction() as transaction:
            number = await add_silence(transaction, fleet.cast.acme, asked_for, "otto", fleet.now, long=False)
            await rehide(transaction, fleet.cast.acme, fleet.now)
        (alert,) = await fleet.alerts()
        async with fleet.db.transaction() as transaction:
            await end_silence(transaction, fleet.cast.acme, number, "otto", fleet.now + timedelta(seconds=1))
            fleet.wait(seconds=2)
            await rehide(transaction, fleet.cast.acme, fleet.now)
        return alert.hidden_by == f"silence:{number}"

    def tags(*values: str, negated: bool = False) -> Matcher:
        return Matcher(label=Label.TAG, values=list(values), negated=negated)

    rule = Matcher(label=Label.RULE, values=["Rule"])
    for operator, some in (("A", site[::2]), ("C", site[1::2])):
        await fleet.moves(some, "online", country="US", operator=operator)
    await fleet.judge()
    (alert,) = await fleet.alerts()
    assert (alert.sims, alert.iccid) == (12, None)
    assert await hides(tags("site-7"))
    assert await hides(tags("site-8", "site-7"), rule)
    assert await hides(Matcher(label=Label.ICCID, values=site))
    assert not await hides(Matcher(label=Label.ICCID, values=site[1:]))
    assert not await hides(tags("vital"))
    assert not await hides(rule, tags("vital", negated=True)), "one of them has it"
    assert await hides(rule, tags("site-8", negated=True))
    assert await hides(Matcher(label=Label.COUNTRY, values=["US"]), tags("site-7"))
    assert not await hides(Matcher(label=Label.COUNTRY, values=["FR"]), tags("site-7"))
    await fleet.moves([other], "online", country="US", operator="B")
    await fleet.judge()
    (alert,) = await fleet.alerts()
    assert (alert.sims, alert.country) == (13, "US")
    assert not await hides(tags("site-7"))
    assert await hides(tags("site-7", "site-8"))
    await fleet.moves([other], "online", country="DE", operator="B")
    await fleet.judge()
    assert await hides(tags("site-7")), "it holds for the others alone"


async def test_an_alert_of_all_others_names_no_operator_that_they_do_not_share(fleet: Fleet) -> None:
    *single, first, second = iccids(12)
    await fleet.polled()
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
    for one in single:
        await fleet.moves([one], "online", country="US")
        await fleet.judge()
    for one, operator, country, shared in (
        (first, "A", "US", ("A", "US")),
        (second, "B", "US", (None, "US")),
        (first, "A", "DE", (None, "US")),
        (first, "A", "FR", (None, None)),
    ):
        await fleet.moves([one], "online", operator=operator, country=country)
        await fleet.judge()
        (found,) = [alert for alert in await fleet.alerts() if alert.iccid is None]
        assert (found.operator, found.country) == shared
