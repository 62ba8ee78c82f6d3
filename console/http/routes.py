"""Routers that are made for one application."""

from typing import Any, Self

from litestar import Router


class OwnRouter(Router):
    """A router that is made for one application, and so is registered itself.

    Litestar registers a deep copy of each router, so that several applications can share it. Copied at each level of
    nesting, that was a third of an application's start.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self
