"""Lists and single things answer with the fields that were asked for; a list of SIMs reads no more than those."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from console.api_keys.writes import put_key
from console.errors import Invalid
from console.facts.sims import SimState
from console.http.fields import chosen, selected
from console.organizations.rules import PERMISSIONS, Role
from console.store.database import Database
from tests.api.conftest import Promise
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition


def lists(promise: Promise) -> dict[str, tuple[str, bool]]:
    """Path of each operation that answers with `items`, and whether it takes `fields`, by its id."""
    found = {}
    for name, (path, method, operation) in promise.operations().items():
        schema = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        answer = promise.document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
        if method == "get" and "items" in answer.get("properties", {}):
            found[name] = (path, any(one.get("name") == "fields" for one in operation["parameters"]))
    return found


def test_order_and_repetition_do_not_matter_and_a_wrong_name_is_refused_with_the_right_ones() -> None:
    assert chosen(SimState, " label,iccid,, label ") == chosen(SimState, "iccid,label") == ("iccid", "label")
    assert (chosen(SimState, ""), chosen(SimState, " ,")) == ((), ())
    with pytest.raises(Invalid) as refused:
        selected(SimState, [], "iccid,secret")
    assert refused.value.details == {"fields": ["secret"], "allowed": list(SimState.__struct_fields__)}
    with pytest.raises(Invalid):
        chosen(SimState, "__class__")


async def test_every_list_selects_fields(web: Served, full: Cast, promise: Promise, db: Database) -> None:
    async with db.transaction() as transaction:
        key = await put_key(transaction, full.acme, "all", PERMISSIONS[Role.ADMIN], datetime.now(UTC))
    found = lists(promise)
    assert len(found) > 25
    assert [name for name, (_, takes) in found.items() if not takes] == []
    wrong: list[Any] = []
    async with web.signed_in("ada"), web.program(key) as ada:  # who signs in has a session, and leaves a line
        for name, (path, _) in found.items():
            address = path.removeprefix("/api/v1").format(iccid=ADAS_SIM, bulk_action_id="1")
            whole = await ada.get(address)
            items = whole.json().get("items")
            if not items:
                wrong.append((name, whole.text[:200]))
                continue
            two = [*items[0]][:2]
            some, same = [
                (await ada.get(address, params={"fields": ",".join(names)})) for names in (two, two[::-1] + two)
            ]
            if [{name: one[name] for name in two} for one in items] != some.json()["items"]:
                wrong.append((name, two, some.text[:200]))
            if "until" not in whole.json() and some.headers["etag"] != same.headers["etag"]:
                wrong.append((name, "etag"))
            if some.headers["etag"] == whole.headers["etag"]:
                wrong.append((name, "the same etag as with all fields"))
            refused = await ada.get(address, params={"fields": "nothing"})
            if refused.status_code != 422 or two[0] not in refused.json()["error"]["details"]["allowed"]:
                wrong.append((name, refused.text[:200]))
    assert wrong == []


async def test_one_thing_that_an_id_names_selects_fields(
    web: Served, full: Cast, promise: Promise, db: Database
) -> None:
    async with db.transaction() as transaction:
        key = await put_key(transaction, full.acme, "all", PERMISSIONS[Role.ADMIN], datetime.now(UTC))
    found = {name: path for name, (path, method, _) in promise.operations().items() if method == "get"}
    found = {name: path for name, path in found.items() if path.endswith("}")}
    assert len(found) >= 11
    wrong: list[Any] = []
    async with web.program(key) as ada:
        for name, path in found.items():
            address = path.removeprefix("/api/v1").format_map(OneOfEach())
            whole = await ada.get(address)
            two = [*whole.json()][-1:0:-1][:2]
            some = await ada.get(address, params={"fields": ",".join(two)})
            if some.json() != {name: whole.json()[name] for name in two}:
                wrong.append((name, two, some.text[:200]))
            refused = await ada.get(address, params={"fields": "nothing"})
            if refused.status_code != 422 or set(two) - {*refused.json()["error"]["details"]["allowed"]}:
                wrong.append((name, refused.text[:200]))
    assert wrong == []


class OneOfEach(dict[str, str]):
    """The parameters of a path: what tests/api/filling.py has made first."""

    def __missing__(self, name: str) -> str:
        return {"iccid": ADAS_SIM, "day": "2026-11-19"}.get(name, "1")


async def test_the_list_of_sims_reads_the_columns_that_it_answers_with(web: Served, cast: Cast, db: Database) -> None:
    asked: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        async with web.program(cast.acme_key) as ada:
            question = {"fields": "country", "sort": "-label,field.site,tags", "page_size": "1"}
            first = (await ada.get("/sims", params=question)).json()
            second = (await ada.get("/sims", params={**question, "cursor": first["next_cursor"]})).json()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert (first["items"], second["items"]) == ([{"country": "FR"}], [{"country": "DE"}])
    read = [one for one in asked if one.startswith("WITH chosen AS")]
    assert any("sim_states.country" in one for one in read)
    assert not any("imsi" in one or "last_seen_at" in one for one in read)
    assert ADAS_OTHER_SIM > ADAS_SIM
