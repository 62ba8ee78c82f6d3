"""What people type or paste into the search, taken apart: identifiers in any spelling, and words."""

import re
import unicodedata

from msgspec import Struct

from console.iccid import INVISIBLE, LENGTH, InvalidIccid, check_digit, known, parse

LONGEST = 8_000  # characters
MOST_WORDS = 12
MOST_IDENTIFIERS = 250
LEAST_DIGITS = 14  # of an identifier that is written whole; fewer are a part of one

DASHES = re.compile(r"[-‐-―−]")
SEPARATORS = re.compile(r"[,;|\n\r\t]+")


class SearchTooLong(ValueError):
    """More is asked for than one search looks for. The message is a sentence for whoever asked."""


class Identifier(Struct, frozen=True):
    """An ICCID, IMSI, MSISDN or IMEI that was written whole."""

    written: str  # as it was typed
    digits: str
    fault: str | None = None  # why no SIM can have it

    @property
    def iccid(self) -> str | None:
        """The 19 digits that are stored, if it is an ICCID."""
        return known(self.digits) if self.digits.startswith("89") else None

    @property
    def parts(self) -> tuple[str, ...]:
        """Texts of which a SIM with this identifier holds at least one.

        An IMEI printed on a device has 15 digits, the last its own check digit; 1NCE writes 14 and a version.
        """
        found = [self.digits]
        if self.written != self.digits:
            found.append(self.written)  # it may be a label that looks like one
        if self.digits.startswith("00"):
            found.append(self.digits[2:])
        if len(self.digits) == 15 and check_digit(self.digits[:14]) == self.digits[14]:
            found.append(self.digits[:14])
        return tuple(found)


class Search(Struct, frozen=True):
    """All words are looked for, and any of the identifiers."""

    words: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()


def parse_search(text: str) -> Search:
    """Take a search apart. Raises SearchTooLong beyond the bounds of one search."""
    if len(text) > LONGEST:
        raise SearchTooLong(f"A search has at most {LONGEST:,} characters; this one has {len(text):,}.")
    text = INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    words: list[str] = []
    identifiers: dict[str, Identifier] = {}
    for chunk in SEPARATORS.split(text):
        pieces = chunk.split()
        while pieces:
            if found := _identifier(pieces):
                identifier, used = found
                identifiers.setdefault(identifier.digits, identifier)
                pieces = pieces[used:]
            else:
                words.append(pieces.pop(0))
    if len(words) > MOST_WORDS:
        raise SearchTooLong(f"A search has at most {MOST_WORDS} words; this one has {len(words):,}.")
    if len(identifiers) > MOST_IDENTIFIERS:
        raise SearchTooLong(
            f"At most {MOST_IDENTIFIERS} identifiers are looked for at once; these are {len(identifiers)}."
        )
    return Search(tuple(words), tuple(identifiers.values()))


def _identifier(pieces: list[str]) -> tuple[Identifier, int] | None:
    """The identifier that these pieces begin with, and of how many of them it is made."""
    if (alone := _digits(pieces[0])) and len(alone) >= LEAST_DIGITS:
        return _checked(pieces[0], alone), 1
    # In groups, as it is printed: "8988 2280 6660 1000 002". The shortest run that is a whole identifier.
    joined = ""
    for number, piece in enumerate(pieces, start=1):
        digits = _digits(piece)
        if digits is None or len(joined) > 20:
            return None
        joined += digits
        if number > 1 and _is_whole(joined, pieces[number:]):
            return _checked(" ".join(pieces[:number]), joined), number
    return None


def _is_whole(digits: str, following: list[str]) -> bool:
    """Whether these joined groups are an identifier, and what follows is not its next group."""
    more = _digits(following[0]) if following else None
    if digits.startswith("89"):
        if len(digits) == LENGTH:
            return not (more and len(more) == 1)
        return len(digits) == LENGTH + 1
    return len(digits) in (15, 16) and not more


def _digits(piece: str) -> str | None:
    """The digits of a piece, without hyphens, "+", brackets and the filling F; None if it holds anything else."""
    bare = DASHES.sub("", piece).strip("()").lstrip("+").replace(".", "")
    if len(bare) > LENGTH and bare[-1] in "fF":
        bare = bare.rstrip("fF")
    return bare if bare.isascii() and bare.isdigit() and not _is_address(piece) else None


def _is_address(piece: str) -> bool:
    return piece.count(".") == 3


def _checked(written: str, digits: str) -> Identifier:
    if digits.startswith("89") and len(digits) == LENGTH + 1:
        try:
            parse(digits)
        except InvalidIccid as error:
            sentence = str(error)
            return Identifier(written, digits, sentence[0].lower() + sentence[1:].rstrip("."))
    return Identifier(written, digits)
