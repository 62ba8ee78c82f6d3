"""Orders: what is sent, and that none is carried out twice."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from msgspec import json

from console.once.client import OnceClient
from console.once.commands import Payment, SourceAddressType
from console.once.errors import Refused, Throttled, Unavailable, Unexpected
from console.once.models import Sim
from console.once.operations import OPERATIONS

from .odd_server import Answer, OddServer

ICCID = "8988228066605682328"
SIM = f"/v2/sims/{ICCID}"
Order = Callable[[OnceClient], Awaitable[object]]

NEVER_TWICE: list[tuple[str, Order]] = [
    (f"{SIM}/topup", lambda once: once.commands.top_up(ICCID, Payment.CREDIT_CARD)),
    (f"{SIM}/sms", lambda once: once.commands.send_sms(ICCID, "hi", source_address="1")),
    (f"{SIM}/reset", lambda once: once.commands.reset(ICCID)),
    (f"{SIM}/sms/7", lambda once: once.commands.cancel_sms(ICCID, "7")),
]


@pytest.mark.parametrize(("path", "order"), NEVER_TWICE)
async def test_an_order_whose_answer_is_lost_is_not_given_again(
    client: OnceClient, odd: OddServer, path: str, order: Order
) -> None:
    odd.will(path, Answer(cut=True))
    with pytest.raises(Unavailable) as raised:
        await order(client)
    assert raised.value.maybe_done
    assert len(odd.seen(path)) == 1


@pytest.mark.parametrize("fault", [Answer(500, b""), Answer(504, b""), Answer(429, b"", {"Retry-After": "0"})])
async def test_money_is_never_spent_twice(client: OnceClient, odd: OddServer, fault: Answer) -> None:
    odd.will(f"{SIM}/topup", fault)
    with pytest.raises((Unavailable, Throttled)) as raised:
        await client.commands.top_up(ICCID, Payment.CREDIT_CARD)
    assert raised.value.maybe_done is (fault.status != 429)
    assert len(odd.seen(f"{SIM}/topup")) == 1


async def test_an_order_that_was_refused_for_its_token_is_given_again_with_a_new_token(
    client: OnceClient, odd: OddServer
) -> None:
    location = {"Location": "https://api.1nce.com/management-api/v2/orders/1234"}
    odd.will(f"{SIM}/topup", Answer(401, b""), Answer(201, b"", location))
    assert await client.commands.top_up(ICCID, Payment.BOLETO) == "1234"
    assert {asked.path.split("?")[1] for asked in odd.seen(f"{SIM}/topup")} == {"payment_method=boleto"}


async def test_a_setting_is_set_again_when_its_answer_is_lost(client: OnceClient, odd: OddServer) -> None:
    odd.will(SIM, Answer(cut=True), Answer(200, b""))
    await client.commands.configure(Sim(iccid=ICCID, status="enabled"), label="pump")
    assert len(odd.seen(SIM)) == 2


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({"label": "pump"}, {"label": "pump", "imei_lock": True, "status": "Disabled"}),
        ({"label": ""}, {"label": "", "imei_lock": True, "status": "Disabled"}),
        ({"imei_lock": False}, {"label": "old", "imei_lock": False, "status": "Disabled"}),
        ({"enabled": True}, {"label": "old", "imei_lock": True, "status": "Enabled"}),
    ],
)
async def test_a_change_sends_all_four_settings(
    client: OnceClient, odd: OddServer, change: dict[str, object], sent: dict[str, object]
) -> None:
    odd.will(SIM, Answer(200, b""))
    current = Sim(iccid=ICCID, label="old", imei_lock=True, status="disabled")
    await client.commands.configure(current, **change)  # type: ignore[arg-type]
    assert json.decode(odd.seen(SIM)[0].body) == {"iccid": ICCID} | sent


async def test_a_sim_of_unknown_status_is_not_enabled_by_accident(client: OnceClient, odd: OddServer) -> None:
    with pytest.raises(ValueError, match="hibernating"):
        await client.commands.configure(Sim(iccid=ICCID, status="hibernating"), label="pump")
    assert odd.seen(SIM) == []


async def test_a_message_is_sent_as_given_and_its_id_is_text(client: OnceClient, odd: OddServer) -> None:
    odd.will(f"{SIM}/sms", Answer(201, b'{"id": 589}'))
    sent = await client.commands.send_sms(
        ICCID,
        "0102",
        source_address="1NCE",
        source_address_type=SourceAddressType.ALPHANUMERIC,
        dcs=4,
        udh="050003CC0301",
        expires_at=datetime(2026, 11, 21, 12, tzinfo=UTC),
    )
    assert sent == "589"
    assert json.decode(odd.seen(f"{SIM}/sms")[0].body) == {
        "payload": "0102",
        "source_address": "1NCE",
        "source_address_type": {"id": 208},
        "dcs": 4,
        "udh": "050003CC0301",
        "expiry_date": "2026-11-21T12:00:00.000+00:00",
    }


async def test_a_message_accepted_with_an_odd_answer_may_have_been_sent(client: OnceClient, odd: OddServer) -> None:
    odd.will(f"{SIM}/sms", Answer(201, b""))
    with pytest.raises(Unexpected) as raised:
        await client.commands.send_sms(ICCID, "hi", source_address="1")
    assert raised.value.maybe_done


async def test_a_payment_that_the_account_may_not_use_is_refused_in_words(client: OnceClient, odd: OddServer) -> None:
    odd.will(f"{SIM}/topup", Answer(400, b'{"message": "Payment method used is not valid."}'))
    with pytest.raises(Refused, match="Payment method"):
        await client.commands.top_up(ICCID, Payment.MONTHLY_INVOICE)


def test_only_what_changes_nothing_or_sets_the_same_again_is_repeatable() -> None:
    never = {operation.metric for operation in OPERATIONS if not operation.repeatable}
    assert never == {"sim.topup", "order.place", "sim.reset", "sms.send", "sms.cancel", "support.open"}
    assert len({operation.metric for operation in OPERATIONS}) == len(OPERATIONS)
