"""What people type or paste into the search, taken apart: identifiers in any spelling, and words."""

import re
from collections.abc import Collection

from msgspec import Struct

from console.iccid import INVISIBLE
from console.sims.identifiers import LABEL_BEFORE, NATIONAL_PREFIX, WITH_VERSION, Identifier, first_identifier
from console.unicode_text import normal

LONGEST = 8_000  # characters
LONGEST_WORD = 200  # no label of 1NCE is longer, nor anything that identifies a SIM
MOST_WORDS = 12
MOST_IDENTIFIERS = 250
SEPARATORS = re.compile(r"[,;|\n\r\t]+")
ACCENTS = re.compile("[\u0300-\u036f]")
PLUS_ALONE = re.compile(r"(?<!\S)\+\s+(?=\d)")


class SearchTooLong(ValueError):
    """More is asked for than one search looks for. The message is a sentence for whoever asked."""


class Search(Struct, frozen=True):
    """All words are looked for, and any of the identifiers."""

    words: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()

    @property
    def iccids_alone(self) -> bool:
        """Whether nothing else is asked than whole ICCIDs, if anything: any plan for it is a look at their keys."""
        return not self.words and all(one.iccid for one in self.identifiers)


def parse_search(text: str) -> Search:
    """Take a search apart. Raises SearchTooLong beyond the bounds of one search."""
    if len(text) > LONGEST:
        raise SearchTooLong(f"A search has at most {LONGEST:,} characters; this one has {len(text):,}.")
    text = INVISIBLE.sub("", normal("NFKC", text))
    for spelling, plain in ((WITH_VERSION, r"\1"), (NATIONAL_PREFIX, ""), (PLUS_ALONE, "+"), (LABEL_BEFORE, r"\1 ")):
        text = spelling.sub(plain, text)
    words: list[str] = []
    identifiers: dict[str, Identifier] = {}
    for chunk in SEPARATORS.split(text):
        pieces = chunk.split()
        while pieces:
            if len(pieces[0]) > LONGEST_WORD:
                raise SearchTooLong(f"A word has at most {LONGEST_WORD} characters; {pieces[0][:20]}… has more.")
            if found := first_identifier(pieces):
                identifier, used = found
                identifiers.setdefault(identifier.digits, identifier)
                pieces = pieces[used:]
            elif says_something(word := pieces.pop(0)):
                words.append(word)
            _bound(words, identifiers)
    return Search(tuple(words), tuple(identifiers.values()))


def says_something(word: str) -> bool:
    """Whether anything is left of a word when it is folded, as the database's `fold_text` does: of accents, nothing."""
    return bool(ACCENTS.sub("", INVISIBLE.sub("", normal("NFKD", word))).strip())


def _bound(words: Collection[str], identifiers: Collection[str]) -> None:
    """Raises SearchTooLong as soon as there are too many: what follows is not even looked at."""
    if len(words) > MOST_WORDS:
        raise SearchTooLong(f"A search has at most {MOST_WORDS} words; this one has more.")
    if len(identifiers) > MOST_IDENTIFIERS:
        raise SearchTooLong(f"At most {MOST_IDENTIFIERS} identifiers are looked for at once; these are more.")
