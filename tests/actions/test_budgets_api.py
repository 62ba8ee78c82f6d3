"""Budgets by the API and on pages: what is spent is shown, who may changes it, and what was changed is in the trail."""

import asyncio

import pytest
import sqlalchemy as sa

from console.actions.guards import lock_spending
from console.store.database import Database
from tests.api.test_watching import operator_key
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast
from tests.jobs.test_polls_at_once import until_it_is_so
from tests.serving import Served

pytestmark = pytest.mark.one_edition
CARD = {"payment_method": "creditcard"}
WAITING = "SELECT count(*) >= 2 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


async def test_of_two_budgets_that_are_set_at_once_both_stay(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("ada") as ada:
        async with db.transaction() as transaction:
            await lock_spending(transaction.connection, cast.acme)
            forms = [{"whose": whose, "period": "day", "limit_top_ups": "3"} for whose in ("organization", "user")]
            posts = [asyncio.create_task(ada.post("/budgets", data=form)) for form in forms]
            await until_it_is_so(db, WAITING)
        assert [(await post).status_code for post in posts] == [303, 303]
    async with db.reading() as reading:
        scopes = (await reading.execute(sa.text("SELECT scope FROM budgets ORDER BY scope"))).scalars().all()
    assert scopes == ["organization", "user"]


async def test_an_amount_beyond_all_bounds_is_refused(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        form = {"whose": "organization", "period": "day", "limit": "1e999999", "currency": "EUR"}
        assert (await ada.post("/budgets", data=form)).status_code == 422


async def test_a_budget_is_set_shown_and_kept(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("ada") as ada, web.program(await operator_key(db, cast.acme)) as otto:
        page = await ada.get("/budgets")
        assert "None: top-ups have no limit." in page.text
        wrong = await ada.post("/budgets", data={"whose": "organization", "period": "day", "limit": "ten"})
        assert (wrong.status_code, "An amount is like 100" in wrong.text) == (422, True)
        for path, form in (
            ("/budgets/price", {"price": "10,50", "currency": "eur"}),
            ("/budgets", {"whose": "organization", "period": "day", "limit": "15", "currency": "EUR"}),
            ("/budgets", {"whose": "api_key", "period": "month", "limit_top_ups": "3"}),
        ):
            assert (await ada.post(path, data=form)).status_code == 303
        sim = (await ada.get(f"/sims/{ADAS_SIM}")).text
        assert "10.50 EUR net, as set by your organization." in sim
        assert 'value="1050 EUR"' in sim

        bulk = {"action": "topup", "parameters": CARD, "iccids": [ADAS_SIM, ADAS_OTHER_SIM], "dry_run": True}
        plan = (await otto.post("/sims/bulk", json=bulk, headers={"Idempotency-Key": "0"})).json()
        assert (plan["price_minor"], plan["currency"]) == (1050 * plan["sims"], "EUR")

        first = await otto.post(f"/sims/{ADAS_SIM}/topup", json=CARD, headers={"Idempotency-Key": "1"})
        second = await otto.post(f"/sims/{ADAS_OTHER_SIM}/topup", json=CARD, headers={"Idempotency-Key": "2"})
        again = await otto.post(f"/sims/{ADAS_OTHER_SIM}/topup", json=CARD, headers={"Idempotency-Key": "2"})
        assert (first.json()["state"], first.json()["price_minor"], first.json()["currency"]) == ("held", 1050, "EUR")
        assert (second.status_code, second.json()["state"]) == (202, "refused")
        assert (
            "A top-up costs 10.50 EUR, and the budget of your organization, 15.00 EUR a day, has 4.50 EUR left"
            in (second.json()["explanation"])
        )
        assert (again.json()["id"], again.json()["state"]) == (second.json()["id"], "refused")

        found = (await otto.get("/budgets")).json()
        assert found["price_setting"] == {"amount_minor": 1050, "currency": "EUR"}
        names = ("name", "reserved_minor", "remaining_minor", "remaining_top_ups")
        uses = [tuple(use[name] for name in names) for one in found["items"] for use in one["uses"]]
        assert uses == [("all", 1050, 450, None), ("operator", 1050, None, 2)]
        listed = (await ada.get("/actions")).text
        assert "15.00 EUR" in listed
        assert "4.50 EUR" in listed
        assert (await otto.put("/budgets", json={"items": []})).status_code == 403
        assert (await otto.get("/products")).json()["top_up_price"]["known_by"] == "setting"

        removed = await ada.post("/budgets", data={"whose": "organization", "period": "day"})
        assert removed.status_code == 303
        third = await otto.post(f"/sims/{ADAS_OTHER_SIM}/topup", json=CARD, headers={"Idempotency-Key": "3"})
        assert third.json()["state"] == "held"
    async with db.reading() as reading:
        query = "SELECT action, outcome, after FROM audit_lines WHERE action = 'budget.change' ORDER BY id"
        lines = (await reading.execute(sa.text(query))).all()
    assert [line.outcome for line in lines] == ["refused", "done", "done", "done", "done"]
    assert lines[2].after["budgets"][0]["limit_minor"] == 1500
