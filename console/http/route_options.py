"""Options of routes by which requests are logged and answered, for addresses of no route too."""

from collections.abc import Iterable, Mapping
from typing import Any

from litestar.routes import HTTPRoute, WebSocketRoute
from litestar.routes.base import BaseRoute
from litestar.types import HTTPScope, Scope

FOR_PROGRAMS = "for_programs"  # programs read its answers: failures are JSON
LIMITED = "limited"  # its answers say the rate limit and what is left of it, and come in the version asked for
FILES = "files"  # its answers are files, which need few of the headers of documents
QUIET = "quiet"  # what went well is not logged
KEY_IN_ADDRESS = "key_in_address"  # its address holds a key, so it is not logged
PAGE_NAMED = "page_named"  # the parameter that names the page that a form came from


def options_of(scope: Scope | HTTPScope, routes: Iterable[BaseRoute]) -> Mapping[str, Any]:
    """The options of the request's route; where no route has the address, of all that begin like it for longest."""
    handler = scope.get("route_handler")
    return handler.opt if handler is not None else _beside(routes, [part for part in scope["path"].split("/") if part])


def _beside(routes: Iterable[BaseRoute], parts: list[str]) -> dict[str, Any]:
    longest, found = 1, dict[str, Any]()
    for route in routes:
        shared = _shared(route, parts)
        if shared > longest:
            longest, found = shared, {}
        if shared == longest and isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                found |= handler.opt
        elif shared == longest and isinstance(route, WebSocketRoute):  # asked without an upgrade, nothing handles it
            found |= route.route_handler.opt
    return found


def _shared(route: BaseRoute, parts: list[str]) -> int:
    """How many parts of the address the route has too; whatever stands for a parameter of it is one."""
    for number, (component, part) in enumerate(zip(route.path_components, parts, strict=False)):
        if isinstance(component, str) and component != part:
            return number
    return min(len(route.path_components), len(parts))
