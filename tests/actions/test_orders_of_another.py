"""An order that an earlier top-up of the same SIM may have made is not taken for a later one's."""

import pytest

from console.actions import requests
from console.actions.requests import PaymentMethod
from tests.actions.conftest import Operator

pytestmark = pytest.mark.one_edition


@pytest.mark.parametrize(("kind", "state"), [("drop_before", "unknown"), ("drop_after", "confirmed")])
async def test_the_order_of_a_top_up_that_was_confirmed_without_it_is_no_later_ones(
    otto: Operator, iccid: str, kind: str, state: str
) -> None:
    await otto.fault(path="topup", kind="drop_after")
    first = await otto.settle(await otto.act(await otto.top_up(iccid)))
    assert (first.state, first.order_number) == ("confirmed", None)
    again = await otto.ask(requests.top_up(iccid, PaymentMethod.CREDIT_CARD, repeat=True))
    await otto.fault(path="topup", kind=kind)
    assert (await otto.settle(await otto.act(again))).state == state


async def test_of_two_orders_the_later_is_the_later_top_ups(otto: Operator, iccid: str) -> None:
    await otto.fault(path="topup", kind="drop_after")
    assert (await otto.settle(await otto.act(await otto.top_up(iccid)))).state == "confirmed"
    again = await otto.ask(requests.top_up(iccid, PaymentMethod.BANK_TRANSFER, repeat=True))
    await otto.fault(path="topup", kind="drop_after")
    found = await otto.settle(await otto.act(again))
    assert found.state == "accepted"
    await otto.simulation.ask("POST", f"orders/{found.order_number}/pay")
    assert (await otto.settle(found)).state == "confirmed"
