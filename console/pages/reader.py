"""For whom a page is drawn: numbers and times in it are written as they have chosen."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from console.facts.masking import hide
from console.http.csv_lines import Sheet
from console.organizations.preferences import NOTHING_CHOSEN, Preferences
from console.users.zones import OF_BROWSER

# What a fragment that goes to many readers has between thousands and before tenths; static/js/numbers.js puts each
# reader's own there. For private use (Unicode 17, 23.5), so no text of others has them by chance.
MARKS = "\ue000\ue001"
PLAIN = ",."


class Reader(Struct, frozen=True):
    """How numbers and times are written for somebody."""

    separators: str  # what stands between thousands and before tenths
    zone: tzinfo
    preferences: Preferences = NOTHING_CHOSEN

    def written(self, number: str) -> str:
        """A number that was written with a comma between thousands and a point before tenths."""
        if self.separators == PLAIN:
            return number
        return number.translate(str.maketrans(PLAIN, self.separators))


MANY = Reader(MARKS, UTC)
NOBODY = Reader(PLAIN, UTC)  # of whom anything is known
_reader: ContextVar[Reader] = ContextVar("reader", default=NOBODY)


@lru_cache(maxsize=256)
def reader_with(preferences: Preferences) -> Reader:
    """Somebody who has chosen this."""
    zone = UTC if preferences.zone in ("UTC", OF_BROWSER) else ZoneInfo(preferences.zone)
    return Reader(preferences.separators, zone, preferences)


def write_for(caller: Any) -> None:
    """From here on, within this request, numbers, times and what people wrote are drawn for this caller."""
    _reader.set(reader_with(caller.preferences))
    hide(hidden=not caller.sees_identifiers)


def reader() -> Reader:
    """For whom is drawn here and now."""
    return _reader.get()


def own_sheet() -> Sheet:
    """How whoever asked for a spreadsheet has times and numbers in it."""
    whom = reader()
    return Sheet(whom.zone, decimal_comma=whom.preferences.separators.endswith(","))


@contextmanager
def written_for(whom: Reader) -> Iterator[None]:
    """What is drawn inside is written for this reader."""
    token = _reader.set(whom)
    try:
        yield
    finally:
        _reader.reset(token)


def for_many() -> AbstractContextManager[None]:
    """What is drawn inside goes to many readers: it carries MARKS, and times in UTC."""
    return written_for(MANY)
