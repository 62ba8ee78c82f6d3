"""What is unknown is ended by a person's word: with a reason, not too early, once, and seen in the trail."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from console.store.database import Database
from tests.api.test_watching import operator_key
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
CARD = {"payment_method": "creditcard"}
NO = {"happened": False, "reason": "No order in the portal"}


async def unknown(db: Database, age: timedelta) -> None:
    async with db.engine.begin() as connection:
        query = (
            "UPDATE actions SET state = 'unknown', due_at = now(), sent_at = now() - $1::interval WHERE state = 'held'"
        )
        await connection.exec_driver_sql(query, (age,))


async def test_a_person_ends_what_is_unknown(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto, web.signed_in("otto") as person:
        async with web.signed_in("ada") as ada:
            form = {"whose": "organization", "period": "day", "limit_top_ups": "2"}
            assert (await ada.post("/budgets", data=form)).status_code == 303
        one, two = [
            (await otto.post(f"/sims/{sim}/topup", json=CARD, headers={"Idempotency-Key": sim})).json()["id"]
            for sim in (ADAS_SIM, ADAS_OTHER_SIM)
        ]
        assert (await otto.post(f"/actions/{one}/settle", json=NO)).status_code == 409  # it is held
        await unknown(db, timedelta(minutes=5))
        early = await otto.post(f"/actions/{one}/settle", json=NO)
        assert (early.status_code, "may still be doing it" in early.text) == (409, True)
        await unknown(db, timedelta(minutes=5))
        async with db.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE actions SET sent_at = now() - interval '11 minutes'")
        for reason in (".", "", "a b", "\n"):
            assert (await otto.post(f"/actions/{one}/settle", json=NO | {"reason": reason})).status_code == 422
        assert "It did not happen" in (await person.get(f"/actions/{one}")).text
        ended = (await otto.post(f"/actions/{one}/settle", json=NO)).json()
        assert (ended["state"], ended["steps"][-1]["by"]) == ("failed", "operator")
        assert ended["explanation"] == "operator has ended it. It did not happen: No order in the portal"
        assert (await otto.post(f"/actions/{one}/settle", json=NO)).status_code == 409
        by_page = await person.post(f"/actions/{two}/settle", data={"happened": "yes", "reason": "Invoice 7"})
        assert (by_page.status_code, by_page.headers["location"]) == (303, f"/actions/{two}")
        assert "otto has ended it. It happened: Invoice 7" in (await person.get(f"/actions/{two}")).text
        (use,) = (await otto.get("/budgets")).json()["items"][0]["uses"]
        assert (use["spent_top_ups"], use["reserved_top_ups"], use["remaining_top_ups"]) == (1, 0, 1)
    async with db.reading() as reading:
        query = "SELECT outcome FROM audit_lines WHERE action = 'action.settle' ORDER BY id"
        outcomes = (await reading.execute(sa.text(query))).scalars().all()
        due = (await reading.execute(sa.text("SELECT count(*) FROM actions WHERE due_at IS NOT NULL"))).scalar_one()
    assert (outcomes, due) == (["refused"] * 6 + ["done", "refused", "done"], 0)
