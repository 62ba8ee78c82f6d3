"""What waits to be sent: parts of a page as HTML, and whole frames."""

from enum import StrEnum
from typing import TypeAlias

import msgspec
from msgspec import Struct


class Swap(StrEnum):
    """What a browser does with a part, by htmx's names."""

    REPLACE = "outerMorph"  # in the place of its target
    PREPEND = "afterbegin"  # first in its target; in the place of the element with the same id, if there is one


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a page. A browser that shows neither its target nor its id ignores it."""

    target: str  # the id of an element
    html: str
    swap: Swap = Swap.REPLACE
    id: str | None = None  # the id of the element that `html` is
    revision: int | None = None  # rises with each state of the thing shown: a page keeps the highest
    about: dict[str, str] | None = None  # what a filtered list asks of a new row before it takes it


class Html(Struct, frozen=True, gc=False):
    """A part of a page, encoded once for everybody; a newer one with the same key takes its place."""

    body: bytes
    key: str | None = None


class Frame(Struct, frozen=True, gc=False):
    """A whole WebSocket frame; a newer one with the same key takes its place."""

    body: bytes
    key: str | None = None


Piece: TypeAlias = Html | Frame
_encode = msgspec.json.Encoder().encode


def replace(target: str, html: str, *, revision: int | None = None) -> Html:
    """The element with this id, as it is now. It waits under its id: only the latest is sent."""
    part = Part(target=target, html=html.strip(), id=target, revision=revision)
    return Html(_encode(part), target)


def outdated() -> Html:
    """No element: the page draws itself anew, as it does after a reset."""
    return replace("page-outdated", "")


def prepend(
    target: str, id_: str, html: str, *, revision: int | None = None, about: dict[str, str] | None = None
) -> Html:
    """An element for the top of a list; one with the same id is replaced where it stands."""
    part = Part(target=target, html=html.strip(), swap=Swap.PREPEND, id=id_, revision=revision, about=about)
    return Html(_encode(part))
