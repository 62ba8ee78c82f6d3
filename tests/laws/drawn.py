"""Compares a page with the fragments that were sent to it: the same elements, attributes and texts, but for ages."""

from html.parser import HTMLParser
from typing import NamedTuple

import msgspec

from console.pages.reader import MARKS

SEPARATORS = str.maketrans(MARKS, ",.")  # as static/js/numbers.js puts them
VOID = frozenset("area base br col embed hr img input link meta source track wbr use rect".split())


class Piece(NamedTuple):
    """A fragment that was sent: for the element with this id, to replace it or to stand in it."""

    target: str
    swap: str
    html: str


def pieces_in(messages: list[str]) -> list[Piece]:
    """The fragments in these messages of the live connection, in order, with numbers as its reader has them."""
    decoded = [msgspec.json.decode(message) for message in messages]
    parts = [part for message in decoded if message["type"] == "page.changed" for part in message["parts"]]
    return [Piece(part["target"], part.get("swap", "outerMorph"), part["html"].translate(SEPARATORS)) for part in parts]


class Elements(HTMLParser):
    """Every element with an id, flattened to its tags, attributes and texts, in order.

    Left out is what a page keeps by itself: the text of a moment, which is an age, and the moment of drawing ("as of").
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.by_id: dict[str, list[str]] = {}
        self._open: list[tuple[str, str, bool]] = []  # tag, id, whether it says when it was drawn
        self.feed(html)

    def _put(self, token: str) -> None:
        for _, name, _ in self._open:
            if name:
                self.by_id[name].append(token)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {key: " ".join((value or "").split()) for key, value in attrs}
        name = attributes.get("id", "")
        if name:
            self.by_id[name] = []
        if tag == "time" and any(as_of for _, _, as_of in self._open):
            del attributes["datetime"]
        self._open.append((tag, name, "as-of" in attributes.get("class", "").split()))
        self._put(f"<{tag} {sorted(attributes.items())}>")
        if tag in VOID:
            self._open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while any(tag == one for one, _, _ in self._open):
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(tag == "time" for tag, _, _ in self._open):
            self._put(" ".join(data.split()))


def differing(page: str, pieces: list[Piece]) -> dict[str, str]:
    """Of the elements that the pieces drew last and the page has: what differs, empty where nothing does."""
    sent: dict[str, list[str]] = {}
    for piece in pieces:
        for name, tokens in Elements(piece.html).by_id.items():
            sent[name] = tokens
    drawn = Elements(page).by_id
    found: dict[str, str] = {}
    for name in sent.keys() & drawn.keys():
        pairs = [(one, other) for one, other in zip(sent[name], drawn[name], strict=False) if one != other]
        uneven = len(sent[name]) != len(drawn[name])
        found[name] = f"sent {pairs[0][0]}, drawn {pairs[0][1]}" if pairs else "sent and drawn end apart" * uneven
    return found
