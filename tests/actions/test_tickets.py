"""Tickets to 1NCE's support: written once, with the SIM's facts, and found again by their reference."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.actions import requests
from console.actions.tickets import facts_text
from console.carrier import tickets
from console.carrier.listed_writes import record_orders, record_tickets
from console.errors import Invalid
from console.facts.sims import SimState
from console.store.database import Database
from jobs.sync_orders import sync_orders
from tests.actions.conftest import Operator
from tests.api.test_watching import operator_key
from tests.cast import ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition
SIM = SimState(iccid="8988228066600000001", imsi="901405100000001", rat="LTE", data_left_bytes=-1024, sms_left=0)


def test_facts_are_what_is_known_masked_where_asked() -> None:
    assert facts_text(SIM, mask=False).splitlines() == [
        "ICCID: 8988228066600000001", "IMSI: 901405100000001", "Radio: LTE", "Data left: -1,024 bytes", "SMS left: 0",
    ]  # fmt: skip
    assert facts_text(SIM, mask=True).splitlines()[:2] == ["ICCID: …0001", "IMSI: …0001"]


@pytest.mark.parametrize(
    ("subject", "text", "reply_to"),
    [(" ", "Why?", "a@example.com"), ("No data", " ", "a@example.com"), ("No data", "x" * 5001, "a@example.com"),
     ("No data", "Why?", "a@example"), ("No data", "Why?", "a@b.com, c@d.com"), ("a\x00b", "Why?", "a@example.com")],
)  # fmt: skip
def test_what_cant_be_a_ticket_is_refused(subject: str, text: str, reply_to: str) -> None:
    with pytest.raises(Invalid):
        requests.ticket(SIM, subject, text, reply_to, facts=True, mask=False)


FAULTS: list[tuple[dict[str, Any] | None, str, str, int]] = [
    (None, "accepted", "confirmed", 1),
    ({"kind": "drop_after"}, "unknown", "confirmed", 1),
    ({"kind": "drop_before"}, "unknown", "failed", 0),
    ({"kind": "status", "status": 400}, "refused", "refused", 0),
]


@pytest.mark.parametrize(("fault", "sent", "settled", "opened"), FAULTS, ids=str)
async def test_a_ticket_is_written_at_most_once_and_found_again(
    otto: Operator,
    db: Database,
    simulation: Simulation,
    fault: dict[str, Any] | None,
    sent: str,
    settled: str,
    opened: int,
) -> None:
    subject = f"No data {fault}"
    asked = requests.ticket(SIM, subject, "Attached, no session.", "ops@example.com", facts=True, mask=True)
    action = await otto.ask(asked)
    if fault is not None:
        await otto.fault(path="support", **fault)
    assert (await otto.act(action)).state == sent
    await otto.age(action, timedelta(minutes=11))
    found = await otto.settle(action)
    assert found.state == settled, found.explanation
    ledger = await simulation.ask("GET", "ledger")
    assert sum(entry["kind"] == "ticket" and entry["detail"]["subject"] == subject for entry in ledger) == opened
    if settled == "confirmed":
        await otto.acme.run(sync_orders)
        async with db.reading() as reading:
            listed, _ = await tickets.page(reading, otto.acme.id)
        ticket = next(one for one in listed if one.id == found.ticket_id)
        assert ticket.subject == subject
        assert ticket.text is not None
        assert "ICCID: …0001" in ticket.text
        assert SIM.iccid not in ticket.text


async def test_orders_and_tickets_by_the_api_and_on_pages(web: Served, cast: Cast, db: Database) -> None:
    now = datetime.now(UTC)
    body = {"iccid": ADAS_SIM, "subject": "No data", "text": "Why?", "reply_to": "ops@example.com", "mask": True}
    async with web.program(await operator_key(db, cast.acme)) as otto, web.signed_in("otto") as person:
        made = await otto.post("/tickets", json=body, headers={"Idempotency-Key": "1"})
        again = await otto.post("/tickets", json=body, headers={"Idempotency-Key": "1"})
        assert (made.status_code, made.json()["kind"], again.json()["id"]) == (202, "ticket", made.json()["id"])
        assert f"ICCID: …{ADAS_SIM[-4:]}" in made.json()["parameters"]["facts"]
        other = await otto.post("/tickets", json=body | {"iccid": EVES_SIM}, headers={"Idempotency-Key": "2"})
        assert other.status_code == 404
        form = {
            "kind": "ticket",
            "after": str(made.json()["id"]),
            "subject": "A",
            "text": "B",
            "reply_to": "a@b.example",
        }
        assert (await person.post(f"/sims/{ADAS_SIM}/actions", data=form)).status_code == 303

        top_up = await otto.post(
            f"/sims/{ADAS_SIM}/topup", json={"payment_method": "creditcard"}, headers={"Idempotency-Key": "3"}
        )
        order = {"number": 2000000041, "type": "topup", "status": "completed", "ordered_at": now, "currency": "EUR"}
        order |= {"amount_minor": 1190, "invoice_number": None, "iccids": [ADAS_SIM], "products": []}
        case = {"id": "13", "status": "open", "subject": "<No data>", "text": "Why?", "opened_at": now}
        async with db.transaction() as transaction:
            await record_orders(transaction, cast.acme, [order, order | {"number": 7}], now)
            await record_tickets(transaction, cast.acme, [case | {"solved_at": None, "communications": []}])
        async with db.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE actions SET order_number = '2000000041' WHERE kind = 'topup'")
        orders = (await otto.get("/orders?page_size=1")).json()
        assert orders["total"] == 2
        assert [(one["number"], one["action"], one["amount_minor"]) for one in orders["items"]] == [
            ("2000000041", top_up.json()["id"], 1190)
        ]
        rest = (await otto.get(f"/orders?cursor={orders['next_cursor']}")).json()["items"]
        assert [(one["number"], one["action"]) for one in rest] == [("7", None)]
        assert (await otto.get(f"/orders?iccid={EVES_SIM}")).json()["total"] == 0
        assert [one["subject"] for one in (await otto.get("/tickets")).json()["items"]] == ["<No data>"]
        page = (await person.get("/orders")).text
        assert "11.90 EUR" in page
        assert f'href="/actions/{top_up.json()["id"]}"' in page
        assert "&lt;No data&gt;" in (await person.get("/tickets")).text
    async with web.program(cast.eve_key) as eve:
        assert (await eve.get("/orders")).json()["total"] == (await eve.get("/tickets")).json()["total"] == 0
