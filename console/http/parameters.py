"""Query parameters that an operation does not know are refused: a mistyped filter must not list the whole fleet."""

import asyncio
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from console.errors import Invalid

ALSO = "parameters_also"  # the route option: how parameters begin that the description can't name one by one


async def known_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard for operations of the JSON API: Invalid (422) for a parameter that its description does not name."""
    asked = connection.query_params.keys()
    if not asked:
        return
    described: dict[str, frozenset[str]] = getattr(connection.app.state, "query_parameters", {})
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


def _described(app: Any) -> dict[str, frozenset[str]]:
    """Of each operation the query parameters that the OpenAPI description names; worked out once."""
    if (found := getattr(app.state, "query_parameters", None)) is None:
        found = {}
        for item in (app.openapi_schema.paths or {}).values():
            for method in ("get", "post", "put", "patch", "delete"):
                if operation := getattr(item, method):
                    names = (one.name for one in operation.parameters or () if one.param_in == "query")
                    found[str(operation.operation_id)] = frozenset(names)
        app.state.query_parameters = found
    parameters: dict[str, frozenset[str]] = found
    return parameters
