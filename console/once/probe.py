"""Calls each reading operation of an organization once, and keeps the forms of the answers, never values.

It settles what public documents leave open. Nothing is changed, sent or bought.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import MsgspecError, Struct, json

from console.once import operations
from console.once.client import OnceClient
from console.once.errors import NotOffered, OnceError
from console.once.http.exchange import ExchangeResult
from console.once.operations import Operation
from console.once.wire.daily_usage import read_daily_usage
from console.once.wire.decode import UNREADABLE
from console.once.wire.masking import shape
from console.once.wire.reading import as_part, is_nothing

HEADERS = ("X-Total-Count", "X-Total-Pages", "X-Current-Page", "X-Count-Per-Page", "Retry-After", "Content-Type")
COUNTS = frozenset(HEADERS[:4])  # what they count is the customer's
NUMBERS = re.compile(r"\d{5,}")  # 1NCE's own texts may name a SIM
OF_A_SIM = (
    operations.SIM,
    operations.STATUS,
    operations.DATA_QUOTA,
    operations.SMS_QUOTA,
    operations.EVENTS,
    operations.USAGE,
)
OF_NO_SIM = (operations.SIMS, operations.PRODUCTS, operations.TICKETS)
PARAMS: Mapping[Operation, dict[str, str | int]] = {
    operations.SIMS: {"page": 1, "pageSize": 100},  # so many that the words for each state of a quota are among them
    operations.EVENTS: {"page": 1, "pageSize": 1},
    operations.SMS_LIST: {"page": 1, "per_page": 10},
    operations.ORDERS: {"page": 1, "pageSize": 10},
    operations.TICKETS: {"page": 1, "pageSize": 1},
}


class ProbeResult(Struct, frozen=True, kw_only=True):
    """The result for one operation. `offered` is None when the answer leaves it open.

    `headers` are those about pages and waiting, with their numbers hidden; `shape` is the form of the body.
    """

    operation: str
    title: str
    path: str
    offered: bool | None
    status: int | None
    note: str
    headers: dict[str, str]
    shape: Any


async def probe(client: OnceClient, iccid: str | None) -> list[ProbeResult]:
    """Call every reading operation, of the organization and of this SIM, once each."""
    found = [await _without_token(client)]
    found += [(await _ask(client, operation))[0] for operation in OF_NO_SIM]
    found += await _list_and_one(client, operations.ORDERS, operations.ORDER, "order_number", "order_number")
    if iccid is not None:
        found += [(await _ask(client, operation, iccid=iccid))[0] for operation in OF_A_SIM]
        found += await _list_and_one(client, operations.SMS_LIST, operations.SMS, "id", "id", iccid=iccid)
    return found


async def _list_and_one(
    client: OnceClient, many: Operation, one: Operation, key: str, part: str, **parts: str
) -> list[ProbeResult]:
    """A list, and the first of it by itself if there is any."""
    listed, body = await _ask(client, many, **parts)
    first = body[0] if isinstance(body, list) and body else None
    if not isinstance(first, dict) or key not in first:
        return [listed, _nothing(one, "There is none to ask for")]
    return [listed, (await _ask(client, one, **parts, **{part: as_part(str(first[key]))}))[0]]


async def _ask(client: OnceClient, operation: Operation, **parts: str) -> tuple[ProbeResult, Any]:
    """The result for one operation, and the answer's body."""
    try:
        result = await client.try_once(operation, params=PARAMS.get(operation), **parts)
    except OnceError as error:
        return _nothing(operation, str(error)), None
    found = _found(operation, result)
    if operation.undocumented and found.offered and result.answer is not None:
        try:
            read_daily_usage(result.answer.content)
        except UNREADABLE:
            return _found(operation, result, note="It answers, but not in a form that can be read", offered=None), None
        await client.set_answered(operation)
    return found, _body(result)


async def _without_token(client: OnceClient) -> ProbeResult:
    try:
        result = await client.try_without_token()
    except OnceError as error:
        return _nothing(operations.SIMS, str(error))
    return _found(operations.SIMS, result, note="Asked with a wrong token, to see how 1NCE refuses it", offered=None)


def _nothing(operation: Operation, note: str) -> ProbeResult:
    return _result_of(operation, None, None, note, {}, None)


def _found(operation: Operation, result: ExchangeResult, *, note: str = "", offered: bool | None = True) -> ProbeResult:
    answer, error = result.answer, result.error
    if error is not None:
        offered, note = False if isinstance(error, NotOffered) else None, note or str(error)
    if answer is None:
        return _nothing(operation, note)
    body = _body(result)
    if body is None:
        offered = offered if error is not None else None
        note = note or ("An empty body" if is_nothing(answer) else "No JSON")
    return _result_of(operation, offered, answer.status_code, note, answer.headers, shape(body))


def _result_of(
    operation: Operation, offered: bool | None, status: int | None, note: str, headers: Mapping[str, str], form: Any
) -> ProbeResult:
    sent = {name: "number" if name in COUNTS else headers[name] for name in HEADERS if name in headers}
    return ProbeResult(
        operation=operation.metric,
        title=operation.title,
        path=operation.path,
        offered=offered,
        status=status,
        note=NUMBERS.sub("…", note),
        headers=sent,
        shape=form,
    )


def _body(result: ExchangeResult) -> Any:
    if result.answer is None or is_nothing(result.answer):
        return None
    try:
        return json.decode(result.answer.content)
    except MsgspecError:
        return None
