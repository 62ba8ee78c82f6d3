"""What 1NCE does not offer is switched off, said once, and tried again after a day. One SIM proves nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import json
from redis.asyncio import Redis

from console.once import operations
from console.once.client import OnceClient
from console.once.errors import Gone, NotFound, NotOffered, Refused, Throttled
from console.once.http.capabilities import Availability, availability, unavailable_text
from console.once.http.changes import CarrierChange, OperationAvailable, OperationUnavailable
from console.once.operations import OPERATIONS, Operation

from .conftest import ClientMaker
from .odd_server import Answer, OddServer

NO = {status: Answer(status, b'{"message": "No."}') for status in (400, 403, 404, 409, 410)}
DAY = {"date": "2026-11-20", "data": {"volume": "1.5"}}


def iccid(number: int) -> str:
    return f"{8988228066600000000 + number}"


def refusal(status: int) -> Refused:
    kind = {404: NotFound, 410: Gone}.get(status, Refused)
    return kind(status, "No.")


def exists(odd: OddServer, *numbers: int) -> None:
    for number in numbers:
        odd.will(f"/v2/sims/{iccid(number)}", Answer(body=json.encode({"iccid": iccid(number)})))


def refuses_status(odd: OddServer, *numbers: int, status: int = 404) -> None:
    for number in numbers:
        odd.will(f"/v2/sims/{iccid(number)}/status", NO[status])


async def ask_status(client: OnceClient, *numbers: int) -> list[type[Exception]]:
    """How each SIM is refused."""
    errors: list[type[Exception]] = []
    for number in numbers:
        with pytest.raises(Refused) as error:
            await client.status(iccid(number))
        errors.append(type(error.value))
    return errors


@pytest.mark.parametrize(
    ("operation", "status", "expected"),
    [
        (operations.ORDERS, 404, Availability.UNAVAILABLE),
        (operations.ORDERS, 403, Availability.UNAVAILABLE),
        (operations.ORDERS, 400, Availability.UNKNOWN),
        (operations.PRODUCTS, 404, Availability.UNAVAILABLE),
        (operations.TICKETS, 403, Availability.UNAVAILABLE),
        (operations.ORDER, 404, Availability.UNKNOWN),
        (operations.ORDER, 410, Availability.UNAVAILABLE),
        (operations.PLACE_ORDER, 404, Availability.UNKNOWN),  # the product may be unknown
        (operations.PLACE_ORDER, 403, Availability.UNAVAILABLE),
        (operations.STATUS, 404, Availability.DOUBTFUL),
        (operations.STATUS, 403, Availability.DOUBTFUL),
        (operations.STATUS, 410, Availability.UNAVAILABLE),
        (operations.TOP_UP, 403, Availability.DOUBTFUL),  # "SIM does not belong to user"
        (operations.RESET, 409, Availability.UNKNOWN),
        (operations.SMS, 404, Availability.UNKNOWN),
        (operations.CANCEL_SMS, 404, Availability.UNKNOWN),
        (operations.SIMS, 410, Availability.UNKNOWN),
        (operations.SIGN_IN, 410, Availability.UNKNOWN),
    ],
)
def test_a_refusal_says_more_or_less_of_the_operation(
    operation: Operation, status: int, expected: Availability
) -> None:
    assert availability(operation, refusal(status)) is expected


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one not in (operations.SIGN_IN, operations.SIMS)])
def test_410_says_it_of_everything_but_the_essential(operation: Operation) -> None:
    expected = Availability.UNKNOWN if operation is operations.SIM else Availability.UNAVAILABLE
    assert availability(operation, refusal(410)) is expected


def test_the_sentence_is_plain() -> None:
    assert unavailable_text(operations.PRODUCTS, 410, datetime(2026, 11, 21, tzinfo=UTC)) == (
        "1NCE does not offer products and prices to this organization: it answered 410 on 21 November 2026. "
        "It is asked again once a day."
    )


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_list_that_is_not_offered_is_asked_for_once_by_all_workers(
    make_client: ClientMaker, odd: OddServer, status: int
) -> None:
    changes: list[CarrierChange] = []

    async def on_change(change: CarrierChange) -> None:
        changes.append(change)

    odd.will("/v1/products", NO[status])
    workers = [make_client(on_change=on_change) for _ in range(2)]
    for call in range(6):
        with pytest.raises(NotOffered, match=rf"products and prices.*{status}") as raised:
            await workers[call % 2].orders.products()
        assert raised.value.permanent
        assert raised.value.status == status
    assert len(odd.seen("/v1/products")) == 1
    assert len(changes) == 1
    lost = changes[0]
    assert isinstance(lost, OperationUnavailable)
    assert (lost.operation, lost.status) == ("products.list", status)
    assert (lost.retry_at - lost.at).total_seconds() == 86400
    assert (await workers[1].carrier()).unavailable == {"products.list": lost.reason}


async def test_what_one_organization_lacks_another_may_have(make_client: ClientMaker, odd: OddServer) -> None:
    odd.will("/v1/products", NO[410], Answer())
    with pytest.raises(NotOffered):
        await make_client().orders.products()
    assert await make_client(organization="other", slow_requests_per_second=100).orders.products() == []


async def test_after_a_day_it_is_tried_again_and_its_return_is_noticed_once(
    make_client: ClientMaker, odd: OddServer, redis: Redis
) -> None:
    changes: list[CarrierChange] = []

    async def on_change(change: CarrierChange) -> None:
        changes.append(change)

    async def a_day_passes() -> None:
        kept: Any = await redis.hget("once:acme:unavailable", "products.list")  # type: ignore[misc]
        changed = json.encode(json.decode(kept) | {"retry_at_us": 0})
        await redis.hset("once:acme:unavailable", "products.list", changed)  # type: ignore[misc,arg-type]

    client = make_client(on_change=on_change, slow_requests_per_second=100)
    odd.will("/v1/products", NO[410], NO[410], Answer())
    for _ in range(2):
        with pytest.raises(NotOffered):
            await client.orders.products()
    await a_day_passes()
    with pytest.raises(NotOffered):
        await client.orders.products()
    assert len(odd.seen("/v1/products")) == 2
    await a_day_passes()
    assert await client.orders.products() == []
    assert await client.orders.products() == []
    assert [type(change) for change in changes] == [OperationUnavailable, OperationUnavailable, OperationAvailable]
    assert (await client.carrier()).unavailable == {}


async def test_an_unknown_sim_switches_nothing_off_however_often_it_is_asked_for(
    client: OnceClient, odd: OddServer
) -> None:
    refuses_status(odd, *range(1, 9))
    assert await ask_status(client, *range(1, 9), 1, 1, 1, 1, 1, 1) == [NotFound] * 14
    assert (await client.carrier()).unavailable == {}


@pytest.mark.parametrize("status", [403, 404])
async def test_five_sims_that_exist_switch_an_operation_off(client: OnceClient, odd: OddServer, status: int) -> None:
    exists(odd, *range(1, 7))
    refuses_status(odd, *range(1, 7), status=status)
    errors = await ask_status(client, *range(1, 7))
    assert errors[:4] == [NotFound if status == 404 else Refused] * 4
    assert errors[4:] == [NotOffered] * 2
    assert odd.seen(f"/v2/sims/{iccid(6)}/status") == []
    assert (await client.sim(iccid(6))).iccid == iccid(6)


async def test_one_sim_that_exists_counts_once(client: OnceClient, odd: OddServer) -> None:
    exists(odd, 1)
    refuses_status(odd, 1)
    assert await ask_status(client, *[1] * 8) == [NotFound] * 8


async def test_a_success_between_voids_the_doubt(client: OnceClient, odd: OddServer) -> None:
    exists(odd, *range(1, 10))
    refuses_status(odd, *range(1, 9))
    odd.will(f"/v2/sims/{iccid(9)}/status", Answer(body=b'{"status": {"description": "ONLINE"}}'))
    assert await ask_status(client, 1, 2, 3, 4) == [NotFound] * 4
    assert (await client.status(iccid(9))).connection == "online"
    assert await ask_status(client, 5, 6, 7, 8) == [NotFound] * 4


async def test_a_sim_that_is_answered_with_nothing_does_not_count_as_existing(
    client: OnceClient, odd: OddServer
) -> None:
    for number in range(1, 8):
        odd.will(f"/v2/sims/{iccid(number)}", Answer(body=b"null"))
    refuses_status(odd, *range(1, 8))
    assert await ask_status(client, *range(1, 8)) == [NotFound] * 7


async def test_an_unknown_order_or_product_switches_nothing_off(make_client: ClientMaker, odd: OddServer) -> None:
    client = make_client(slow_requests_per_second=100)
    odd.will("/v1/orders/7", NO[404])
    odd.will("/v1/orders", NO[404])
    for _ in range(2):
        with pytest.raises(NotFound):
            await client.orders.order(7)
        with pytest.raises(NotFound):
            await client.orders.place_order({4711: 1})
    assert (await client.carrier()).unavailable == {}


async def test_the_list_of_sims_is_never_switched_off(client: OnceClient, odd: OddServer) -> None:
    odd.will("/v2/sims", NO[410], NO[404], NO[403], Answer(body=b'[{"iccid": "8988228066605682328"}]'))
    for _ in range(3):
        with pytest.raises(Refused) as raised:
            await client.sims(1)
        assert not isinstance(raised.value, NotOffered)
    assert len((await client.sims(1)).items) == 1


async def test_a_guessed_operation_is_off_until_it_has_been_seen_to_answer(
    make_client: ClientMaker, odd: OddServer
) -> None:
    changes: list[CarrierChange] = []

    async def on_change(change: CarrierChange) -> None:
        changes.append(change)

    client = make_client(on_change=on_change)
    path = f"/v2/sims/{iccid(1)}/usage"
    odd.will(path, Answer(body=json.encode([DAY])))
    with pytest.raises(NotOffered, match="console doctor"):
        await client.daily_usage(iccid(1))
    assert odd.asked == []
    await client.set_answered(operations.USAGE)
    await client.set_answered(operations.USAGE)
    assert [day.data_bytes for day in await make_client().daily_usage(iccid(1))] == [1_572_864]
    assert [type(change) for change in changes] == [OperationAvailable]


async def test_a_429_for_orders_holds_up_orders_alone(make_client: ClientMaker, odd: OddServer) -> None:
    client = make_client(max_wait_seconds=0.3)
    exists(odd, 1)
    odd.will("/v1/orders", Answer(429, b"", {"Retry-After": "90"}))
    with pytest.raises(Throttled, match="too many requests"):
        await client.orders.orders()
    assert (await client.sim(iccid(1))).iccid == iccid(1)
    with pytest.raises(Throttled, match="asked us to wait"):
        await make_client(organization="other", max_wait_seconds=0.3).orders.orders()
    assert len(odd.seen("/v1/orders")) == 1
