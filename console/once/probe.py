"""A first look at a real account: asks each readable operation once, and keeps the forms of the answers, never values.

It settles what public documents leave open. Nothing is changed, sent or bought.
"""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import MsgspecError, Struct, json

from console.once import operations
from console.once.client import OnceClient
from console.once.errors import NotOffered, OnceError
from console.once.http.exchange import Heard
from console.once.operations import Operation
from console.once.wire.daily_usage import read_daily_usage
from console.once.wire.decode import UNREADABLE
from console.once.wire.masking import shape
from console.once.wire.reading import as_part, is_nothing

HEADERS = ("X-Total-Count", "X-Total-Pages", "X-Current-Page", "X-Count-Per-Page", "Retry-After", "Content-Type")
COUNTS = frozenset(HEADERS[:4])  # what they count is the customer's own business
NUMBERS = re.compile(r"\d{5,}")  # 1NCE's own words may name a SIM
OF_A_SIM = (
    operations.SIM,
    operations.STATUS,
    operations.DATA_QUOTA,
    operations.SMS_QUOTA,
    operations.EVENTS,
    operations.USAGE,
)
OF_THE_ACCOUNT = (operations.SIMS, operations.PRODUCTS, operations.TICKETS)
PARAMS: Mapping[Operation, dict[str, str | int]] = {
    operations.SIMS: {"page": 1, "pageSize": 100},  # so many that the words for each state of a quota are among them
    operations.EVENTS: {"page": 1, "pageSize": 1},
    operations.SMS_LIST: {"page": 1, "per_page": 10},
    operations.ORDERS: {"page": 1, "pageSize": 10},
    operations.TICKETS: {"page": 1, "pageSize": 1},
}


class Explored(Struct, frozen=True, kw_only=True):
    """What came of asking for one operation. `offered` is None when the answer leaves it open.

    `headers` are those about pages and waiting, with their numbers hidden; `shape` is the form of the body.
    """

    operation: str
    called: str
    path: str
    offered: bool | None
    status: int | None
    note: str
    headers: dict[str, str]
    shape: Any


async def explore(client: OnceClient, iccid: str | None) -> list[Explored]:
    """Ask for everything that can be read, of the account and of this SIM, one call each and none repeated."""
    found = [await _without_token(client)]
    found += [(await _ask(client, operation))[0] for operation in OF_THE_ACCOUNT]
    found += await _list_and_one(client, operations.ORDERS, operations.ORDER, "order_number", "order_number")
    if iccid is not None:
        found += [(await _ask(client, operation, iccid=iccid))[0] for operation in OF_A_SIM]
        found += await _list_and_one(client, operations.SMS_LIST, operations.SMS, "id", "id", iccid=iccid)
    return found


async def _list_and_one(
    client: OnceClient, many: Operation, one: Operation, key: str, part: str, **parts: str
) -> list[Explored]:
    """A list, and the first of it by itself if there is any."""
    listed, body = await _ask(client, many, **parts)
    first = body[0] if isinstance(body, list) and body else None
    if not isinstance(first, dict) or key not in first:
        return [listed, _nothing(one, "There is none to ask for")]
    return [listed, (await _ask(client, one, **parts, **{part: as_part(str(first[key]))}))[0]]


async def _ask(client: OnceClient, operation: Operation, **parts: str) -> tuple[Explored, Any]:
    """What is kept of the answer, and its body for who goes on from it."""
    try:
        heard = await client.try_once(operation, params=PARAMS.get(operation), **parts)
    except OnceError as error:
        return _nothing(operation, str(error)), None
    told = _told(operation, heard)
    if operation.guessed and told.offered and heard.answer is not None:
        try:
            read_daily_usage(heard.answer.content)
        except UNREADABLE:
            return _told(operation, heard, note="It answers, but not in a form that can be read", offered=None), None
        await client.met(operation)
    return told, _body(heard)


async def _without_token(client: OnceClient) -> Explored:
    try:
        heard = await client.try_without_token()
    except OnceError as error:
        return _nothing(operations.SIMS, str(error))
    return _told(operations.SIMS, heard, note="Asked with a wrong token, to see how 1NCE says no", offered=None)


def _nothing(operation: Operation, note: str) -> Explored:
    return _explored(operation, None, None, note, {}, None)


def _told(operation: Operation, heard: Heard, *, note: str = "", offered: bool | None = True) -> Explored:
    answer, error = heard.answer, heard.error
    if error is not None:
        offered, note = False if isinstance(error, NotOffered) else None, note or str(error)
    if answer is None:
        return _nothing(operation, note)
    body = _body(heard)
    if body is None:
        offered = offered if error is not None else None
        note = note or ("An empty body" if is_nothing(answer) else "No JSON")
    return _explored(operation, offered, answer.status_code, note, answer.headers, shape(body))


def _explored(
    operation: Operation, offered: bool | None, status: int | None, note: str, headers: Mapping[str, str], form: Any
) -> Explored:
    sent = {name: "number" if name in COUNTS else headers[name] for name in HEADERS if name in headers}
    return Explored(
        operation=operation.metric,
        called=operation.called,
        path=operation.path,
        offered=offered,
        status=status,
        note=NUMBERS.sub("…", note),
        headers=sent,
        shape=form,
    )


def _body(heard: Heard) -> Any:
    if heard.answer is None or is_nothing(heard.answer):
        return None
    try:
        return json.decode(heard.answer.content)
    except MsgspecError:
        return None
