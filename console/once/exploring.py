"""A first look at a real account: asks each readable operation once, and keeps the forms of the answers, never values.

It settles what public documents leave open. Nothing is changed, sent or bought.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import MsgspecError, Struct, json

from console.once import operations
from console.once.client import OnceClient
from console.once.errors import NotOffered, OnceError, Refused, Unexpected
from console.once.masking import shape
from console.once.operations import Operation
from console.once.pace import Lane

HEADERS = ("X-Total-Count", "X-Total-Pages", "X-Current-Page", "X-Count-Per-Page", "Retry-After", "Content-Type")
OF_A_SIM = (
    operations.SIM,
    operations.STATUS,
    operations.DATA_QUOTA,
    operations.SMS_QUOTA,
    operations.EVENTS,
    operations.USAGE,
    operations.SMS_LIST,
)
OF_THE_ACCOUNT = (operations.SIMS, operations.ORDERS, operations.PRODUCTS, operations.TICKETS)
PARAMS: Mapping[Operation, dict[str, str | int]] = {
    operations.SIMS: {"page": 1, "pageSize": 2},
    operations.EVENTS: {"page": 1, "pageSize": 2},
    operations.SMS_LIST: {"page": 1, "per_page": 2},
    operations.ORDERS: {"page": 1, "pageSize": 2},
    operations.TICKETS: {"page": 1, "pageSize": 2},
}


class Explored(Struct, frozen=True, kw_only=True):
    """What came of asking for one operation. `offered` is None when the answer leaves it open."""

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
    found = [await _ask(client, operation) for operation in OF_THE_ACCOUNT]
    if iccid is not None:
        found += [await _ask(client, operation, iccid=iccid) for operation in OF_A_SIM]
    return found


async def _ask(client: OnceClient, operation: Operation, **parts: str) -> Explored:
    def said(offered: bool | None, status: int | None, note: str, headers: Mapping[str, str], body: Any) -> Explored:
        return Explored(
            operation=operation.metric,
            called=operation.called,
            path=operation.path,
            offered=offered,
            status=status,
            note=note,
            headers={name: headers[name] for name in HEADERS if name in headers},
            shape=body,
        )

    try:
        answer = await client.ask(operation, params=PARAMS.get(operation), lane=Lane.COMMAND, **parts)
    except NotOffered as error:
        return said(False, error.status, error.message, {}, None)
    except Refused as error:
        return said(None, error.status, error.message, {}, None)
    except Unexpected as error:
        return said(None, None, f"It can't be read: {error.why}", {}, None)
    except OnceError as error:
        return said(None, None, str(error), {}, None)
    if not answer.content.strip():
        return said(None, answer.status_code, "An empty body", answer.headers, None)
    try:
        body = json.decode(answer.content)
    except MsgspecError:
        return said(None, answer.status_code, "No JSON", answer.headers, None)
    return said(True, answer.status_code, "", answer.headers, shape(body))
