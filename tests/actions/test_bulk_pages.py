"""Bulk actions on pages: chosen from the list or pasted, planned, confirmed by typing how many, tried again."""

import asyncio
import re

import pytest
import sqlalchemy as sa

from console.actions.bulk.rules import canaries, canary_passed, counted, must_stop, startable, window
from console.actions.bulk.selection import identifiers_in
from console.errors import Invalid
from console.facts.bulk_actions import BulkCounts
from console.store.database import Database
from tests.api.test_watching import operator_key
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
PASTED = f"iccid;label\n{ADAS_SIM};pump\n8988 2280 6660 0000 002;x\n{EVES_SIM}\n490154203237518\n"
FORM = {
    "token": "t1",
    "choice": "label",
    "label": "pump",
    "by": "identifiers",
    "identifiers": PASTED,
    "reason": "Ticket 7",
}


async def test_a_plan_is_made_once_confirmed_undone_and_tried_again(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("otto") as otto, web.signed_in("vera") as vera:
        listed = await otto.get("/sims?country=DE")
        assert 'href="/bulk-actions/new?country=DE"' in listed.text
        assert 'value="country=DE"' in (await otto.get("/bulk-actions/new?country=DE")).text
        assert ADAS_SIM in (await otto.get(f"/bulk-actions/new?iccids={ADAS_SIM},{ADAS_OTHER_SIM}")).text
        answers = await asyncio.gather(*(otto.post("/bulk-actions", data=FORM) for _ in range(3)))
        assert {(one.status_code, one.headers["Location"]) for one in answers} == {(303, "/bulk-actions/1")}
        assert (await vera.post("/bulk-actions", data=FORM)).status_code == 403
        plan = await vera.get("/bulk-actions/1")
        assert "2 Not found among this organization" in plan.text and "/begin" not in plan.text
        assert "/bulk-actions/1" not in (await otto.get("/actions")).text  # nobody has begun it
        begun = await otto.post("/bulk-actions/1/begin")
        page = await otto.get(begun.headers["Location"])
        assert ">Undo<" in page.text and "/bulk-actions/1" in (await otto.get("/actions")).text
        assert (await otto.post("/bulk-actions/1/stop")).status_code == 303
        again = await otto.post("/bulk-actions/1/retry")
        assert again.status_code == 303 and "bulk action 1" in (await otto.get(again.headers["Location"])).text
        assert (await otto.post("/bulk-actions/1/begin")).status_code == 303  # it was cancelled: nothing happens
        assert (await otto.get("/bulk-actions/1/results.csv")).text.count("excluded") == 3
        async with db.reading() as reading:
            states = (await reading.execute(sa.text("SELECT state FROM bulk_actions ORDER BY id"))).scalars().all()
        assert states == ["cancelled", "planned"]


async def test_only_what_has_begun_is_tried_again(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("otto") as otto, web.program(await operator_key(db, cast.acme)) as program:
        path = (await otto.post("/bulk-actions", data=FORM)).headers["Location"]
        assert (await otto.post(f"{path}/stop")).status_code == 303
        page = (await otto.get(path)).text
        assert "It was cancelled before it began." in page and f"{path}/retry" not in page
        assert (await otto.post(f"{path}/retry")).status_code == 409
        answer = await program.post(f"{path}/retry", headers={"Idempotency-Key": "one"})
        assert (answer.status_code, answer.json()["error"]["message"][:15]) == (409, "It never began:")
        async with db.engine.begin() as connection:
            await connection.execute(sa.text("UPDATE bulk_actions SET state = 'expired'"))
        assert f"{path}/retry" not in (await otto.get(path)).text
        async with db.engine.begin() as connection:
            await connection.execute(sa.text("UPDATE bulk_actions SET state = 'running', begun_at = now()"))
        page = (await otto.get(path)).text
        assert re.findall(r"<button[^>]*>\s*(Pause[^<]*|Stop[^<]*?)\s*</button>", page) == [
            "Pause",  # the page itself
            "Pause the bulk action",
            "Stop the bulk action",
        ]
        assert (await otto.post(f"{path}/stop")).status_code == 303
        assert f"{path}/retry" in (await otto.get(path)).text
        assert (await otto.post(f"{path}/retry")).status_code == 303


async def test_a_plan_of_another_is_begun_in_ones_own_name(web: Served, cast: Cast, db: Database) -> None:
    """Within one's own budgets, and approved by nobody who is oneself."""
    async with web.signed_in("otto") as otto, web.signed_in("ada") as ada:
        path = (await otto.post("/bulk-actions", data=FORM)).headers["Location"]
        hers = (await ada.post("/bulk-actions", data=FORM)).headers["Location"]  # with the same key
        assert (await ada.post(f"{path}/begin")).status_code == 303
        assert (await ada.post("/bulk-actions", data=FORM)).headers["Location"] == hers
    async with db.reading() as reading:
        query = sa.text(
            "SELECT caller, requested_by, (SELECT 'user:' || id FROM users WHERE name = 'ada') FROM bulk_actions"
            " WHERE begun_at IS NOT NULL"
        )
        handle, name, adas = (await reading.execute(query)).one()
    assert (handle, name) == (adas, "ada")


async def test_above_ten_sims_their_number_is_typed(web: Served, cast: Cast, db: Database) -> None:
    async with db.transaction() as transaction:
        for number in range(10, 19):
            await add_sim(transaction, cast.acme, f"89882280666000000{number}")
    every = {**FORM, "by": "filter", "filter": ""}
    async with web.signed_in("otto") as otto:
        path = (await otto.post("/bulk-actions", data=every)).headers["Location"]
        page = await otto.get(path)
        assert re.search(r"Type 11 to confirm", page.text)
        for typed, status in (("", 422), ("12", 422), (" 11 ", 303)):
            assert (await otto.post(f"{path}/begin", data={"typed": typed})).status_code == status
        wrong = [{"choice": "explode"}, {"identifiers": "nothing here"}, {"by": "filter", "filter": "colour=red"}]
        for one in wrong:
            assert (await otto.post("/bulk-actions", data={**FORM, "token": "t2", **one})).status_code == 422


def test_it_stops_when_more_than_so_many_have_failed() -> None:
    def of(**counts: int) -> BulkCounts:
        return BulkCounts(**counts)

    assert not must_stop(of(failed=1), 5)
    assert must_stop(of(failed=1, unknown=1), 5)
    assert not must_stop(of(failed=5, confirmed=95), 5)
    assert must_stop(of(failed=6, confirmed=94), 5)
    assert must_stop(of(unknown=1), 0)
    assert (canaries(2), canaries(3), canaries(100), canaries(10_000)) == (0, 1, 5, 10)


def test_the_rest_waits_for_the_first() -> None:
    first = counted({"confirmed": 2, "queued": 1}, excluded=0, not_started=50, refused=0)
    assert startable(first, 4, passed=False, window=8) == 1
    assert startable(first, 4, passed=True, window=8) == 7
    assert not canary_passed(first, 3, None, None)  # type: ignore[arg-type]
    assert canary_passed(counted({"confirmed": 2}, excluded=0, not_started=9, refused=1), 3, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rate", "at_work", "each"), [(10.0, 1, 8), (1.0, 1, 8), (30.0, 1, 24), (30.0, 5, 4), (10.0, 9, 1), (1000.0, 1, 24)]
)
def test_as_many_are_under_way_as_the_rate_of_calls_can_use(rate: float, at_work: int, each: int) -> None:
    assert window(rate, at_work) == each


def test_identifiers_are_found_in_whatever_is_pasted() -> None:
    found = identifiers_in(PASTED + f"\n{ADAS_SIM}")
    assert [one.digits for one in found] == [ADAS_SIM, ADAS_OTHER_SIM, EVES_SIM, "490154203237518"]
    with pytest.raises(Invalid, match="at most 10,000 SIMs"):
        identifiers_in("\n".join(str(8988228066600000000 + number) for number in range(10_001)))
