"""Which methods an address takes, for answers of 405."""

from collections.abc import Iterable

from litestar.routes import HTTPRoute
from litestar.routes.base import BaseRoute
from litestar.types.internal_types import PathParameterDefinition


def methods_at(routes: Iterable[BaseRoute], path: str) -> list[str]:
    """The methods of all routes that this path fits, HEAD wherever there is GET, in alphabetical order."""
    parts = [part for part in path.split("/") if part]
    found: set[str] = set()
    for route in routes:
        if isinstance(route, HTTPRoute) and _fits(route.path_components, parts):
            found |= set(route.methods)
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def _fits(components: "list[str | PathParameterDefinition]", parts: list[str]) -> bool:
    return len(components) == len(parts) and all(
        not isinstance(component, str) or component == part for component, part in zip(components, parts, strict=True)
    )
