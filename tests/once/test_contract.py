"""The client's every request and the simulated 1NCE's every answer, held against 1NCE's own OpenAPI documents."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from jsonschema import ValidationError

from console.once.client import OnceClient
from console.once.commands import Payment, SourceAddressType
from console.once.errors import Refused
from console.once.models import Sim
from console.once.operations import OPERATIONS, USAGE
from console.once.wire.orders import Address
from tests.simulator import documents

from .conftest import ClientMaker
from .recorder import Recorder

ROOT = "/management-api"
NOBODY = "8988000000000000000"
Call = Callable[[OnceClient, str, str], Awaitable[object]]


async def _change(once: OnceClient, iccid: str, _: str) -> None:
    await once.commands.configure(await once.sim(iccid), label="Pump 7")


async def _send(once: OnceClient, iccid: str, _: str) -> None:
    await once.commands.send_sms(
        iccid,
        "0102",
        source_address="1NCE",
        source_address_type=SourceAddressType.ALPHANUMERIC,
        dcs=4,
        udh="050003CC0301",
        expires_at=datetime.now(UTC) + timedelta(days=1),
    )


async def _order(once: OnceClient, _: str, __: str) -> None:
    number = (await once.orders.orders()).items[0].number
    await once.orders.order(number)


async def _place(once: OnceClient, _: str, __: str) -> None:
    home = Address(salutation="2", last_name="Lovelace", street="St James's Square", zip="SW1Y", city="London")
    await once.orders.place_order({1001: 2, 1002: 1}, to=home, reference="pumps")


async def _ask_support(once: OnceClient, _: str, __: str) -> None:
    await once.orders.open_ticket(subject="Coverage", text="None.", sender="Ada", reply_to="ada@example.com")


# Each operation of the documents: how the client asks for it, of this SIM and this message.
CALLS: dict[tuple[str, str], Call] = {
    ("POST", "/oauth/token"): lambda once, _, __: once.check(),
    ("GET", "/v2/sims"): lambda once, _, __: once.sims(1, page_size=100),
    ("GET", "/v2/sims/{iccid}"): lambda once, iccid, _: once.sim(iccid),
    ("PUT", "/v2/sims/{iccid}"): _change,
    ("POST", "/v2/sims/{iccid}/reset"): lambda once, iccid, _: once.commands.reset(iccid),
    ("GET", "/v2/sims/{iccid}/quota/data"): lambda once, iccid, _: once.data_quota(iccid),
    ("GET", "/v2/sims/{iccid}/quota/sms"): lambda once, iccid, _: once.sms_quota(iccid),
    ("GET", "/v2/sims/{iccid}/status"): lambda once, iccid, _: once.status(iccid),
    ("GET", "/v2/sims/{iccid}/events"): lambda once, iccid, _: once.events(iccid),
    ("GET", "/v2/sims/{iccid}/sms"): lambda once, iccid, _: once.sms_list(iccid),
    ("POST", "/v2/sims/{iccid}/sms"): _send,
    ("GET", "/v2/sims/{iccid}/sms/{id}"): lambda once, iccid, sms: once.sms(iccid, sms),
    ("DELETE", "/v2/sims/{iccid}/sms/{id}"): lambda once, iccid, sms: once.commands.cancel_sms(iccid, sms),
    ("POST", "/v2/sims/{iccid}/topup"): lambda once, iccid, _: once.commands.top_up(iccid, Payment.CREDIT_CARD),
    ("GET", "/v1/orders"): lambda once, _, __: once.orders.orders(newest_first=False),
    ("POST", "/v1/orders"): _place,
    ("GET", "/v1/orders/{order_number}"): _order,
    ("GET", "/v1/products"): lambda once, _, __: once.orders.products(),
    ("GET", "/v1/support"): lambda once, _, __: once.orders.tickets(),
    ("POST", "/v1/support"): _ask_support,
}
# Operations of the documents that the client does not have, each with the reason. There is none.
LEFT_OUT: dict[tuple[str, str], str] = {}
DOCUMENTED = documents.operations()
OF_ONE_SIM = [(method, path) for _, method, path in DOCUMENTED if "{iccid}" in path]


@pytest.fixture
async def recorder(simulator_url: str) -> AsyncIterator[Recorder]:
    async with httpx.AsyncClient(base_url=simulator_url) as control:
        (await control.delete("/_sim/faults")).raise_for_status()
        offered = {"orders": True, "products": True, "support": True, "usage": False}
        (await control.post("/_sim/capabilities", json=offered)).raise_for_status()
    async with Recorder(simulator_url).running() as recorder:
        yield recorder


@pytest.fixture
def once(make_client: ClientMaker, recorder: Recorder) -> OnceClient:
    return make_client(f"{recorder.url}{ROOT}", requests_per_second=9, slow_requests_per_second=9)


@pytest.fixture
async def iccid(simulator_url: str) -> str:
    """A SIM that may send and is out of reach, so that messages to it stay pending."""
    async with httpx.AsyncClient(base_url=simulator_url) as control:
        truths = (await control.get("/_sim/sims")).json()
        found: str = next(
            truth["iccid"]
            for truth in truths
            if truth["status"] == "Enabled" and truth["imei"] and truth["sms_volume"] > 3 and not truth["expired"]
        )
        unreachable = {"connection": "OFFLINE", "held": True}
        (await control.post(f"/_sim/sims/{found}", json=unreachable)).raise_for_status()
        return found


def documented(asked: httpx.Request) -> tuple[str, str, str]:
    """The operation of the documents that a request is: document, method, path."""
    below = asked.url.path.removeprefix(ROOT)
    fitting = [one for one in DOCUMENTED if one[1] == asked.method and documents.matches(one[2], below) is not None]
    assert len(fitting) == 1, f"{asked.method} {below} snapshot in no document"
    return fitting[0]


def hold_against_documents(recorder: Recorder) -> set[tuple[str, str]]:
    """Fails for any exchange that is not as documented; the operations that came by."""
    seen = set()
    for passed in recorder.passed:
        document, method, path = documented(passed.request)
        documents.check_request(document, method, path, passed.request, ROOT)
        documents.check_answer(document, method, path, passed.answer)
        seen.add((method, path))
    return seen


def test_no_operation_of_the_documents_is_forgotten() -> None:
    assert {(method, path) for _, method, path in DOCUMENTED} == CALLS.keys() | LEFT_OUT.keys()
    assert not CALLS.keys() & LEFT_OUT.keys()


def test_the_table_of_operations_is_that_of_the_documents_and_the_guess() -> None:
    ours = {(one.method, one.path) for one in OPERATIONS}
    assert ours - {(method, path) for _, method, path in DOCUMENTED} == {(USAGE.method, USAGE.path)}
    assert CALLS.keys() <= ours
    assert [one for one in OPERATIONS if one.undocumented] == [USAGE]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_an_operation_is_asked_for_and_answered_as_documented(
    recorder: Recorder, once: OnceClient, iccid: str, method: str, path: str
) -> None:
    message = await once.commands.send_sms(iccid, "hello", source_address="1") if "{id}" in path else ""
    await CALLS[method, path](once, iccid, message)
    assert (method, path) in hold_against_documents(recorder)
    assert all(passed.answer.is_success for passed in recorder.passed)


@pytest.mark.parametrize(("method", "path"), OF_ONE_SIM)
async def test_a_refusal_is_as_documented_and_is_read_as_one(
    recorder: Recorder, once: OnceClient, method: str, path: str
) -> None:
    call = CALLS[method, path]
    if call is _change:
        with pytest.raises(Refused) as raised:
            await once.commands.configure(Sim(iccid=NOBODY, status="enabled"), label="nobody's")
    else:
        with pytest.raises(Refused) as raised:
            await call(once, NOBODY, "1")
    assert raised.value.status == 404
    assert (method, path) in hold_against_documents(recorder)


def test_an_undocumented_request_would_be_noticed() -> None:
    sims = (documents.SIMS, "GET", "/v2/sims")
    good = httpx.Request("GET", f"http://1nce{ROOT}/v2/sims?page=1&pageSize=100")
    documents.check_request(*sims, good, ROOT)
    for bad in ("?page=0", "?pageSize=101", "?per_page=10"):
        with pytest.raises((ValidationError, AssertionError), match=r"minimum|maximum|knows no"):
            documents.check_request(*sims, httpx.Request("GET", f"http://1nce{ROOT}/v2/sims{bad}"), ROOT)
    change = httpx.Request("PUT", f"http://1nce{ROOT}/v2/sims/{NOBODY}", json={"status": "Asleep", "colour": "red"})
    with pytest.raises(ValidationError, match=r"Asleep|colour"):
        documents.check_request(documents.SIMS, "PUT", "/v2/sims/{iccid}", change, ROOT)
