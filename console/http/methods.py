"""Which methods an address takes, for answers of 405 and to OPTIONS."""

from collections.abc import Iterable
from pathlib import Path

from litestar.routes import HTTPRoute
from litestar.routes.base import BaseRoute
from litestar.types.internal_types import PathParameterDefinition


def methods_at(routes: Iterable[BaseRoute], path: str) -> list[str]:
    """The methods of all routes that this path fits, HEAD wherever there is GET, in alphabetical order."""
    if path == "*":  # the server as a whole
        return sorted({method for route in routes if isinstance(route, HTTPRoute) for method in route.methods})
    parts = [part for part in path.split("/") if part]
    found: set[str] = set()
    for route in routes:
        if isinstance(route, HTTPRoute) and _fits(route.path_components, parts):
            found |= set(route.methods)
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _fits(components: "list[str | PathParameterDefinition]", parts: list[str]) -> bool:
    if components and not isinstance(components[-1], str) and components[-1].type is Path:  # takes all that follows
        components, parts = components[:-1], parts[: len(components) - 1]
    return len(components) == len(parts) and all(
        not isinstance(component, str) or component == part for component, part in zip(components, parts, strict=True)
    )
