"""Texts from outside: their Unicode normal forms, in time that their length bounds, and what of them can be seen."""

import unicodedata
from typing import Literal

MOST_MARKS = 30  # combining characters in a row: no writing has more (UAX #15, section 13, Stream-Safe Text Format)
# Zero width non-joiner and joiner. Invisible themselves, they change how letters and emoji beside them look: Persian,
# the scripts of India and emoji of several people can't be written without them (Unicode 16.0, section 23.2).
JOINERS = frozenset("\u200c\u200d")
VIRAMA = 9  # its combining class: what follows it may also be a joiner that ends the word


def normal(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """The text in this normal form, without the combining characters beyond MOST_MARKS in a row.

    To sort n of them costs n² steps: 60,000 of two classes, which fit into 120 kB, take 16 seconds.
    """
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return unicodedata.normalize(form, "".join(kept))


def lower(text: str) -> str:
    """In lower case letter by letter, as PostgreSQL's `lower` has it: no letter becomes two."""
    return "".join(one.lower()[0] for one in text)


def is_visible(text: str) -> bool:
    """Whether all of it can be seen: no control, format or direction characters, and joiners only where they join."""
    return text.isprintable() or _without_joiners(text).isprintable()


def visible(text: str, instead: str) -> str:
    """The text with this in the place of each character that `is_visible` refuses."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or joins(text, place) else instead for place, one in enumerate(text))


def joins(text: str, place: int) -> bool:
    """Whether a joiner stands here, between letters, digits or emoji, or after a virama."""
    if text[place] not in JOINERS or not place or not _can_be_joined(before := text[place - 1]):
        return False
    return unicodedata.combining(before) == VIRAMA or _can_be_joined(text[place + 1 : place + 2])


def _without_joiners(text: str) -> str:
    return "".join(one for place, one in enumerate(text) if not joins(text, place))


def _can_be_joined(character: str) -> bool:
    kind = unicodedata.category(character)[0] if character else ""
    return kind in ("L", "M", "N") or (kind == "S" and not character.isascii())
