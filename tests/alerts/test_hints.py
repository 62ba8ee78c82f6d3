"""What to try first about an alert: each kind has advice that leads somewhere, and what helped before is counted."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from console.actions.tables import actions
from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alerts.hints import ADVICE, Hint, hint_of
from console.facts.actions import ActionKind, ActionState
from tests.alerts.conftest import Fleet, iccids
from tests.serving import Served

pytestmark = pytest.mark.one_edition
SIMS = iccids(9)


async def reset(fleet: Fleet, iccid: str, state: ActionState = ActionState.CONFIRMED) -> None:
    """It was reset now."""
    known = {"organization_id": fleet.cast.acme, "iccid": iccid, "kind": ActionKind.RESET, "state": state}
    known |= {"parameters": {}, "caller": "user:1", "idempotency_key": f"{iccid} {fleet.now}", "requested_by": "ada"}
    times = dict.fromkeys(("requested_at", "changed_at", "expires_at", "sent_at"), fleet.now)
    async with fleet.db.transaction() as transaction:
        await transaction.connection.execute(sa.insert(actions).values(**known, **times, steps=[]))


async def hint(fleet: Fleet, number: int) -> Hint:
    async with fleet.db.reading() as reading:
        alert = next(one for one in await fleet.alerts() if one.id == number)
        return await hint_of(reading, fleet.cast.acme, alert, fleet.now)


def test_each_kind_has_advice() -> None:
    assert set(ADVICE) == set(RuleKind)
    assert all((one.action is None) != (one.page is None) for one in ADVICE.values())


async def test_it_says_how_often_the_same_helped_in_this_fleet(web: Served, fleet: Fleet) -> None:
    silent = RuleParameters(hours=1)
    await fleet.polled()
    await fleet.rule(kind=RuleKind.NO_CONTACT, parameters=silent)
    await fleet.moves(SIMS, "online")
    fleet.wait(hours=2)
    await fleet.polled()
    await fleet.judge()
    number = (await fleet.alerts())[0].id
    assert (await hint(fleet, number)).tried is None
    for iccid in SIMS[:5]:
        await reset(fleet, iccid)
    await reset(fleet, SIMS[5], ActionState.FAILED)
    fleet.wait(minutes=30)
    await fleet.moves(SIMS[:3], "online")  # within an hour
    await fleet.polled()
    await fleet.judge()
    found = await hint(fleet, number)
    assert found.tried is None, "the hour is not over"
    fleet.wait(minutes=40)
    await fleet.moves(SIMS[3:4], "online")  # too late
    await fleet.polled()
    await fleet.judge()
    found = await hint(fleet, number)
    assert (found.helped, found.tried, found.action) == (3, 5, ActionKind.RESET)
    await reset(fleet, SIMS[0])  # nothing holds for it
    fleet.wait(hours=1.5)
    found = await hint(fleet, number)
    assert (found.helped, found.tried) == (3, 5)
    async with web.signed_in("otto") as otto, web.program(fleet.cast.acme_key) as program:
        shown = (await otto.get(f"/alerts/{number}")).text
        assert "Reset the SIM" in shown
        assert (await program.get(f"/alerts/{number}")).json()["hint"]["action"] == "reset"
    fleet.wait(days=91)
    assert (await hint(fleet, number)).tried is None


async def test_a_link_leads_to_the_sim_or_to_those_that_share_its_network(fleet: Fleet) -> None:
    await fleet.polled()
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
    await fleet.moves(SIMS[:1], "online", country="US")
    await fleet.judge()
    async with fleet.db.reading() as reading:
        (alert,) = await fleet.alerts()
        found = await hint_of(reading, fleet.cast.acme, alert, fleet.now + timedelta(seconds=1))
    assert found.link == f"/sims/{SIMS[0]}#ask-status"
    assert found.tried is None
