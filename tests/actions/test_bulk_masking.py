"""A bulk action shows no IMSI and no MSISDN, in what was asked for and why, to whoever may not read them."""

from datetime import timedelta

import pytest

from console.actions.bulk.commands import begin
from console.actions.bulk.selection import of_filter
from console.actions.bulk.writes import plan
from console.actions.requests import Asked
from console.api_keys.writes import put_key
from console.facts.actions import ActionKind
from console.store.database import Database
from tests.cast import Cast
from tests.serving import Served
from tests.sims.test_masking import IMSI, MSISDN, NOW, WHOLE, P, change, received

pytestmark = pytest.mark.one_edition


async def test_bulk_actions_show_no_number_to_whoever_may_not_read_it(web: Served, cast: Cast, db: Database) -> None:
    await change(db, cast, "pump-1")
    about = f"for {IMSI} and {MSISDN}"

    async def planned(key: str) -> int:
        asked = Asked(kind=ActionKind.SMS, iccid="", parameters={"payload": about}, reason=about)
        async with db.transaction() as transaction:
            made, _ = await plan(
                transaction, cast.ada, asked, of_filter([("q", MSISDN)]), key, key, NOW, stop_percent=5
            )
        return made.id

    number = await planned("first")
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "reads all but them", set(P) - {P.IDENTIFIERS_READ}, NOW)
        all_of_it = await put_key(transaction, cast.acme, "reads them", set(P), NOW)
    path = f"/bulk-actions/{number}"
    async with (
        web.signed_in("vera") as vera,
        web.program(key) as program,
        web.program(all_of_it) as sees,
        web.stream(key, "?topics=actions") as stream,
    ):
        await stream.recv()
        for answer in (await vera.get(path), await program.get(path), await program.get("/bulk-actions")):
            assert answer.status_code == 200
            assert not [one for one in WHOLE if one in answer.text], answer.text
        found = (await sees.get(path)).json()
        assert (found["parameters"]["payload"], found["reason"]) == (about, about)
        assert found["selection"] == "SIMs with “…5678”"
        second = await planned("second")
        async with db.transaction() as transaction:
            await begin(transaction, cast.ada, second, NOW, undo=timedelta(days=99))
        said = await received(stream, "bulk_action.changed")
        assert "…1234" in said
        assert not [one for one in WHOLE if one in said]
