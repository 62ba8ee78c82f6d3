"""Query parameters that an operation does not know are refused: a mistyped filter must not list the whole fleet.

So is one that comes twice where the operation reads one value, and an Idempotency-Key: of two searches, times or keys
none may go unread in silence.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import OpenAPIType, Reference, Schema

from console.errors import Invalid

IDEMPOTENCY_KEY = "idempotency-key"
ALSO = "parameters_also"  # the route option: how parameters begin that the description can't name one by one


async def known_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard for operations of the JSON API: Invalid (422) for a parameter that its description does not name, and
    for one that comes more often than described; so for two idempotency keys.
    """
    if len(set(connection.headers.getall(IDEMPOTENCY_KEY, []))) > 1:
        raise Invalid("One Idempotency-Key is taken, and several are given: which action is meant?")
    asked = connection.query_params.keys()
    if not asked:
        return
    described: dict[str, Mapping[str, bool]] = getattr(connection.app.state, "query_parameters", {})
    if not described:  # the first makes the description, which takes longer than the event loop may stand
        described = await asyncio.to_thread(_described, connection.app)
    known = described.get(str(getattr(handler, "operation_id", None)))
    if known is None:
        return
    also = handler.opt.get(ALSO)
    for name in asked:
        if name not in known and not (also and name.startswith(also)):
            named = ", ".join(sorted(known)) or "none"
            raise Invalid(f"There is no parameter {name[:40]!r} here: known are {named}", parameter=name[:40])
        if not known.get(name, True) and len(connection.query_params.getall(name)) > 1:
            raise Invalid(f"The parameter {name!r} takes one value, and is given more than once", parameter=name)


def _described(app: Any) -> dict[str, Mapping[str, bool]]:
    """Of each operation the query parameters that the OpenAPI description names, and whether each takes several values;
    worked out once.
    """
    if (found := getattr(app.state, "query_parameters", None)) is None:
        found = {}
        for item in (app.openapi_schema.paths or {}).values():
            for method in ("get", "post", "put", "patch", "delete"):
                if operation := getattr(item, method):
                    asked = [one for one in operation.parameters or () if one.param_in == "query"]
                    found[str(operation.operation_id)] = {one.name: _takes_several(one.schema) for one in asked}
        app.state.query_parameters = found
    parameters: dict[str, Mapping[str, bool]] = found
    return parameters


def _takes_several(schema: Schema | Reference | None) -> bool:
    """Whether the description of a parameter is that of a list, or of a list among others; a reference names a word."""
    if not isinstance(schema, Schema):
        return False
    kinds = schema.type if isinstance(schema.type, list) else [schema.type]
    return OpenAPIType.ARRAY in kinds or any(_takes_several(one) for one in schema.one_of or schema.any_of or ())
