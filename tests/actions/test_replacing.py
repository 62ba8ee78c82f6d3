"""A SIM is replaced by another: one action, an audit line of each SIM, nothing lost without a word."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec import Struct

from console.actions import requests
from console.actions.tables import actions
from console.actions.writes import change
from console.errors import Conflict, Invalid
from console.facts.actions import Action, ActionState
from console.facts.sims import SimState
from console.pages.sim_view import REPLACES, SimView
from console.pages.templating import Fragments, environment
from console.sims import reads as sim_reads
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
from console.store.database import Database
from tests.actions.conftest import Operator
from tests.actions.test_pages import ASK, SCRIPT
from tests.api.test_watching import operator_key
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast, add_sim
from tests.serving import Served
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition
NOTE = "Behind the pump house"


class Both(Struct):
    """A SIM with all that people add, and one that is to take its place."""

    otto: Operator
    simulation: Simulation
    old: str
    new: str

    async def read(self, iccid: str) -> SimState:
        async with self.otto.db.reading() as reading:
            found = await sim_reads.one(reading, self.otto.acme.id, iccid)
        assert found is not None
        return found

    async def ask(self, *, overwrite: bool = False) -> Action:
        return await self.otto.ask(requests.replace(await self.read(self.old), self.new, overwrite=overwrite))

    async def annotate(self, iccid: str, **changes: Any) -> None:
        async with self.otto.db.transaction() as transaction:
            wanted = AnnotationChanges(**changes)
            await annotate(transaction, self.otto.acme.id, iccid, wanted, "ada", datetime.now(UTC))


@pytest_asyncio.fixture
async def both(otto: Operator, db: Database, simulation: Simulation, iccid: str) -> Both:
    new = (await simulation.iccids())[int(iccid[-3:]) % 20 + 90]
    for one, label in ((iccid, "pump-7"), (new, "")):
        await simulation.set(one, status="Enabled", label=label)
        async with db.transaction() as transaction:
            await add_sim(transaction, otto.acme.id, one, label=label or None, status="enabled")
    found = Both(otto=otto, simulation=simulation, old=iccid, new=new)
    await found.annotate(iccid, tags=["north"], note=NOTE, custom_fields={"site": "Berlin"})
    return found


async def check_replaced(both: Both) -> None:
    old, new = await both.read(both.old), await both.read(both.new)
    assert (old.status, old.label or "", old.tags, old.custom_fields) == ("disabled", "", [], {})
    assert (old.note or "").startswith(f"Replaced by {both.new} on ")
    assert (new.status, new.label, new.tags, new.note) == ("enabled", "pump-7", ["north"], NOTE)
    assert new.custom_fields == {"site": "Berlin"}


async def test_all_that_people_gave_a_sim_goes_to_the_other_and_it_is_disabled(both: Both) -> None:
    done = await both.otto.act(await both.ask())
    assert done.state == "confirmed", done.explanation
    await check_replaced(both)
    assert (await both.otto.act(done)).state == "confirmed"
    await check_replaced(both)


@pytest.mark.parametrize("lost", ["drop_after", "drop_before"])
async def test_what_broke_off_between_both_is_said_and_done_once_when_asked_again(both: Both, lost: str) -> None:
    action = await both.ask()
    await both.simulation.ask("POST", "faults", {"times": 9, "method": "PUT", "path": both.old, "kind": lost})
    unknown = await both.otto.act(action)
    assert unknown.state == "unknown"
    await both.simulation.ask("DELETE", "faults")
    assert (await both.read(both.old)).tags == ["north"]
    if lost == "drop_after":
        assert (await both.otto.settle(unknown)).state == "confirmed"
    else:
        await both.otto.age(unknown, timedelta(minutes=11))
        assert "Try again?" in (await both.otto.settle(unknown)).explanation
        assert (await both.otto.act(await both.ask())).state == "confirmed"
    async with both.otto.db.transaction() as transaction:  # as the synchronization that follows reads them
        for one, label, status in ((both.old, None, "disabled"), (both.new, "pump-7", "enabled")):
            await add_sim(transaction, both.otto.acme.id, one, label=label, status=status)
    await check_replaced(both)


async def test_what_the_other_sim_has_is_kept_or_asked_about(both: Both) -> None:
    await both.annotate(both.new, tags=["spare"], note="From the shelf", custom_fields={"shelf": "4"})
    await both.annotate(both.new, custom_fields={"site": "Paris"})
    with pytest.raises(Conflict, match="would lose site = Paris"):
        await both.ask()
    assert (await both.otto.act(await both.ask(overwrite=True))).state == "confirmed"
    new = await both.read(both.new)
    assert (new.tags, new.note) == (["north", "spare"], f"{NOTE}\nFrom the shelf")
    assert new.custom_fields == {"shelf": "4", "site": "Berlin"}


async def test_what_no_longer_fits_together_stays_and_is_said(both: Both) -> None:
    action = await both.ask()
    await both.annotate(both.new, tags=[f"t{number}" for number in range(20)])
    done = await both.otto.act(action)
    assert (done.state, "do not fit together" in done.explanation) == ("confirmed", True)
    assert (await both.read(both.old)).tags == ["north"]


async def test_what_the_other_sim_was_given_since_is_kept(both: Both) -> None:
    action = await both.ask()
    await both.annotate(both.new, custom_fields={"site": "Paris"})
    done = await both.otto.act(action)
    assert (done.state, "do not fit together" in done.explanation) == ("confirmed", True)
    assert (await both.read(both.new)).custom_fields == {"site": "Paris"}
    assert (await both.read(both.old)).custom_fields == {"site": "Berlin"}


@pytest.mark.parametrize("which", ["old", "new"])
async def test_a_label_that_was_given_since_is_not_lost(both: Both, which: str) -> None:
    action = await both.ask()
    await both.simulation.set(getattr(both, which), label="spare-9")
    refused = await both.otto.act(action)
    assert (refused.state, "spare-9" in refused.explanation) == ("refused", True)
    found = await both.simulation.ask("GET", f"sims/{getattr(both, which)}")
    assert (found["label"], found["status"]) == ("spare-9", "Enabled")


async def test_a_replacement_of_which_half_is_done_is_not_said_to_be_refused(both: Both) -> None:
    action = await both.ask()
    await both.simulation.ask("POST", "faults", {"method": "PUT", "path": both.old, "kind": "status", "status": 409})
    assert (await both.otto.act(action)).state == "unknown"
    assert (await both.simulation.ask("GET", f"sims/{both.new}"))["label"] == "pump-7"


async def test_one_sim_is_replaced_once_and_by_one_that_is_enabled(both: Both) -> None:
    with pytest.raises(Invalid, match="by itself"):
        await both.otto.ask(requests.replace(await both.read(both.old), both.old))
    with pytest.raises(Invalid, match="none has the ICCID"):
        await both.otto.ask(requests.replace(await both.read(both.old), "8988228066699999990"))
    first = await both.ask()
    with pytest.raises(Conflict, match="already"):
        await both.ask()
    async with both.otto.db.transaction() as transaction:
        await add_sim(transaction, both.otto.acme.id, both.new, label=None, status="disabled")
    await both.simulation.set(both.new, status="Disabled")
    refused = await both.otto.act(first)
    assert (refused.state, "disabled" in refused.explanation) == ("refused", True)
    with pytest.raises(Conflict, match="enable it first"):
        await both.ask()


async def test_the_other_sim_says_on_its_page_and_in_its_trail_whose_place_it_has(
    web: Served, cast: Cast, db: Database
) -> None:
    address, body = f"/sims/{ADAS_SIM}/replace", {"by": ADAS_OTHER_SIM, "overwrite": True}
    said = re.compile(rf'Replaces\s+<a class="iccid" href="/sims/{ADAS_SIM}">')
    async with web.program(await operator_key(db, cast.acme)) as client, web.signed_in("ada") as ada:
        made = (await client.post(address, json=body, headers={"Idempotency-Key": "one"})).json()
        assert not said.search((await ada.get(f"/sims/{ADAS_OTHER_SIM}")).text), "it has not been done yet"
        trail = (await ada.get(f"/sims/{ADAS_OTHER_SIM}?tab=audit")).text
        assert "Replace a SIM by another" in trail and ADAS_SIM in trail
        async with db.transaction() as transaction:
            which = sa.and_(actions.c.id == made["id"], actions.c.organization_id == cast.acme)
            now = datetime.now(UTC)
            await transaction.connection.execute(sa.update(actions).where(which).values(state="sending"))
            await change(transaction, which, ActionState.SENDING, ActionState.CONFIRMED, {"due_at": None}, now)
        page = (await ada.get(f"/sims/{ADAS_OTHER_SIM}")).text
        assert said.search(page) and f"/actions/{made['id']}" in page
        assert not said.search((await ada.get(f"/sims/{ADAS_SIM}")).text)
    async with db.reading() as reading:
        query = """SELECT subject, after ->> 'by', after ->> 'replaces', (after ->> 'action')::bigint FROM audit_lines
            WHERE action = 'sim.replace' ORDER BY id"""
        lines = [tuple(row) for row in await reading.execute(sa.text(query))]
    assert lines == [
        (ADAS_SIM, ADAS_OTHER_SIM, None, made["id"]),
        (ADAS_OTHER_SIM, None, ADAS_SIM, made["id"]),
    ]


@pytest.mark.parametrize("fits", [True, False])
async def test_the_open_page_of_the_other_sim_is_drawn_when_it_has_the_place(
    both: Both, db: Database, fits: bool
) -> None:
    action = await both.ask()
    if not fits:
        await both.annotate(both.new, tags=[f"t{number}" for number in range(20)])
    before = (await both.read(both.new)).revision
    assert (await both.otto.act(action)).state == "confirmed"
    assert (await both.read(both.new)).revision > before, "its change is what the page is drawn by"
    async with db.reading() as reading:
        view = SimView(Fragments(environment()))
        (refresh,) = [one for one in view.on_return([f"sim:{both.new}"]) if one.part == REPLACES]
        (html,) = await view.refresh(reading, both.otto.acme.id, refresh)
    assert f"/sims/{both.old}" in str(html)


async def test_by_the_api_it_is_one_action_with_one_line_in_the_audit_trail(
    web: Served, cast: Cast, db: Database
) -> None:
    address, key = f"/sims/{ADAS_SIM}/replace", {"Idempotency-Key": "one"}
    body = {"by": f"{ADAS_OTHER_SIM[:10]} {ADAS_OTHER_SIM[10:]}", "overwrite": True}
    async with web.program(await operator_key(db, cast.acme)) as client:
        made = [await client.post(address, json=body, headers=key) for _ in range(2)]
        foreign = await client.post(address, json={"by": EVES_SIM}, headers={"Idempotency-Key": "two"})
    assert [one.status_code for one in (*made, foreign)] == [202, 202, 422]
    assert made[0].json()["id"] == made[1].json()["id"]
    assert made[0].json()["parameters"] == {"by": ADAS_OTHER_SIM, "overwrite": True, "label": "pump-1"}
    async with db.reading() as reading:
        lines = sa.text("SELECT outcome FROM audit_lines WHERE action = 'sim.replace' AND subject = :iccid ORDER BY id")
        outcomes = list((await reading.execute(lines, {"iccid": ADAS_SIM})).scalars())
    assert outcomes[0] == "done"


async def test_on_the_page_the_form_says_what_would_be_lost(web: Served, cast: Cast, db: Database) -> None:
    form = {"kind": "replace", "after": "0", "by": ADAS_OTHER_SIM, "seen": '{"label":"pump-1","status":"enabled"}'}
    async with web.signed_in("otto") as otto:
        page = (await otto.get(f"/sims/{ADAS_SIM}")).text
        assert 'id="ask-replace"' in page
        refused = await otto.post(ASK, data=form, headers=SCRIPT)
        asked = await otto.post(ASK, data=form | {"overwrite": "yes"}, headers=SCRIPT)
    assert (refused.status_code, "would lose the label pump-2" in refused.text) == (409, True)
    assert (asked.status_code, f"Replace the SIM by {ADAS_OTHER_SIM}" in asked.text) == (200, True)
