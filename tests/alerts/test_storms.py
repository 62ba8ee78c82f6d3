"""Many SIMs of one rule are one alert, by what explains most of them."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alerts import reads
from console.facts.alerts import Severity
from console.sims.tables import annotations
from tests.alerts.conftest import Fleet, iccids

pytestmark = pytest.mark.one_edition
LOST = RuleParameters(percent=20, minutes=5, by="operator", least_sims=20)
ABROAD = RuleParameters(countries=("DE",))


async def test_a_storm_is_one_alert_with_its_sims_until_they_are_back(fleet: Fleet) -> None:
    every = iccids(100)
    critical = {"severity": Severity.CRITICAL, "keep_firing_seconds": 60}
    rule = await fleet.rule(kind=RuleKind.SHARE_LEFT, parameters=LOST, **critical)
    await fleet.moves(every, "online")
    await fleet.moves([one.replace("1666", "1667") for one in every], "online", "B")
    await fleet.polled()
    await fleet.judge()
    assert await fleet.alerts() == []
    fleet.wait(seconds=30)
    await fleet.moves(every[:50], "offline")
    await fleet.judge()
    alert = await fleet.alert()
    assert (alert.state, alert.sims, alert.severity, alert.key) == ("firing", 50, "critical", "operator:DE/A")
    assert alert.title == "50 SIMs on A (DE) left the network within 5 minutes"
    fleet.wait(seconds=10)
    await fleet.moves(every[50:60], "offline")
    await fleet.judge()
    assert ((await fleet.alert()).sims, (await fleet.alert()).change) == (60, "grew")
    async with fleet.db.reading() as connection:
        found = await reads.subjects(connection, fleet.cast.acme, alert.id, limit=500)
        assert [one.subject for one in found] == every[:60]
    fleet.wait(minutes=6)
    await fleet.judge()
    assert (await fleet.alert()).state == "firing", "nobody is back: that nobody leaves any more ends nothing"
    await fleet.moves(every[:55], "online")
    await fleet.polled()
    await fleet.judge()
    assert (await fleet.alert()).state == "recovering"
    fleet.wait(seconds=61)
    await fleet.judge()
    resolved = await fleet.alert()
    assert (resolved.state, resolved.sims, resolved.sims_total, resolved.rule_id) == ("resolved", 5, 60, rule.id)


async def tag(fleet: Fleet, found: Sequence[str], *tags: str) -> None:
    rows = [{"organization_id": fleet.cast.acme, "iccid": one, "tags": list(tags)} for one in found]
    async with fleet.db.transaction() as transaction:
        new = sa.insert(annotations).values(edited_at=fleet.now, edited_by="ada")
        await transaction.connection.execute(new, rows)


async def test_a_share_of_the_sims_with_a_tag_has_left_wherever_they_were(fleet: Fleet) -> None:
    every = iccids(60)
    await tag(fleet, every[:20], "pump")
    await tag(fleet, every[20:30], "pump", "valve")
    tagged = RuleParameters(**{**structs.asdict(LOST), "by": "tag"})
    await fleet.rule(kind=RuleKind.SHARE_LEFT, parameters=tagged, keep_firing_seconds=60)
    for place, one in enumerate(every):
        await fleet.moves([one], "online", f"O{place % 7}")
    await fleet.polled()
    await fleet.judge()
    fleet.wait(seconds=30)
    await fleet.moves(every[:30], "offline")
    await fleet.judge()
    alert = await fleet.alert()
    assert (alert.state, alert.sims, alert.key) == ("firing", 30, "tag:pump")
    assert alert.title == "30 SIMs with the tag pump left the network within 5 minutes"
    await fleet.judge()
    assert (await fleet.alert()).sims == 30, "a SIM of two tags stays where it is"
    await fleet.moves(every[:29], "online")
    await fleet.polled()
    await fleet.judge()
    assert (await fleet.alert()).state == "recovering"


async def test_what_explains_most_of_many_sims_is_their_alert(fleet: Fleet) -> None:
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=ABROAD)
    every = iccids(80)
    await tag(fleet, every[:25], "pump")
    await fleet.moves(every[40:], "online", country="DE")
    for place, one in enumerate(every[:25]):
        await fleet.moves([one], "online", f"O{place}", country=f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[place]}X")
    await fleet.moves(every[25:40], "online", country="US", cell="31/7")
    await fleet.judge()
    found = {one.key: one.title for one in await fleet.alerts()}
    assert found == {
        "area:US/A/31": "15 SIMs in cell area 31 of A (US): country not allowed",
        "tag:pump": "25 SIMs with the tag pump: country not allowed",
    }


async def test_a_sim_that_leaves_one_operator_after_another_is_in_the_alert_of_the_later(fleet: Fleet) -> None:
    every = iccids(60)
    await fleet.rule(kind=RuleKind.SHARE_LEFT, parameters=LOST, keep_firing_seconds=600)
    for operator in "AB":
        await fleet.moves(every, "online", operator)
        await fleet.polled()
        await fleet.judge()
        fleet.wait(seconds=10)
        await fleet.moves(every, "offline", operator)
        await fleet.judge()
        fleet.wait(seconds=10)
    found = {one.key: (one.state, one.sims) for one in await fleet.alerts()}
    assert found == {"operator:DE/A": ("recovering", 0), "operator:DE/B": ("firing", 60)}


async def test_many_sims_of_one_rule_are_one_alert(fleet: Fleet) -> None:
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=ABROAD)
    await fleet.moves(iccids(40), "online", country="US")
    await fleet.judge()
    alert = await fleet.alert()
    assert (alert.key, alert.sims, alert.title) == ("operator:US/A", 40, "40 SIMs on A (US): country not allowed")
