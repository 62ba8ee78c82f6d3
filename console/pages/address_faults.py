"""What the address of a page asks for that the page can't give: said on the page, never left out in silence."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from litestar import Request

Takes = Callable[[str], bool]
VALUES = "parameter_values"  # the route option: of a query parameter, which texts it takes
ALSO = "takes_parameter"  # the route option: whether a page takes a parameter that its handler does not name
MOST = 5
LONGEST = 40  # characters of a name or value that are shown


class OneOf:
    """Takes these values, as they are written in an address."""

    def __init__(self, *known: object) -> None:
        self._texts = frozenset(map(str, known))

    def __call__(self, text: str) -> bool:
        """Whether this is one of them."""
        return text in self._texts


def is_page_number(text: str) -> bool:
    """Takes the numbers of pages, from 1."""
    return text.isascii() and text.isdigit() and len(text) < 9 and int(text) > 0


def address_faults(request: Request[Any, Any, Any] | None) -> list[str]:
    """A sentence for each parameter that this page does not have, and for each value that a parameter does not take."""
    if request is None or not request.query_params:
        return []
    handler = request.scope["route_handler"]
    names = _query_names(handler) - request.path_params.keys()
    return faults(list(request.query_params.multi_items()), names, handler.opt.get(VALUES, {}), handler.opt.get(ALSO))


@lru_cache(maxsize=200)
def _query_names(handler: Any) -> frozenset[str]:
    """The query parameters of a handler and its dependencies; those in its path are among them."""
    model = handler.create_kwargs_model(path_parameters={})
    return frozenset(one.field_alias for one in model.expected_query_params)


def faults(
    asked: Sequence[tuple[str, str]], names: Collection[str], values: Mapping[str, Takes], also: Takes | None = None
) -> list[str]:
    """The sentences, the first MOST of them. Empty values ask for nothing."""
    found = []
    for name in dict.fromkeys(name for name, _ in asked):
        given = [value for other, value in asked if other == name]
        if name not in names:
            if not (also and also(name)):
                found.append(f"This page has no parameter “{_cut(name)}”: it was left out.")
        elif len(given) > 1:
            found.append(f"“{_cut(name)}” is given {len(given)} times: one of them counts.")
        elif given[0] and name in values and not values[name](given[0]):
            found.append(f"“{_cut(name)}” can't be “{_cut(given[0])}”.")
    rest = len(found) - MOST
    return found if rest <= 0 else [*found[:MOST], f"So are {rest} more parameters."]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
