"""A list as a file: CSV for a spreadsheet or for programs, or JSON lines; read and sent in parts, few in memory."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from enum import StrEnum

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from console.http.csv_lines import FOR_PROGRAMS, LongNumber, Sheet, csv_lines
from console.store.database import Database
from console.store.keyset import Cursor, read_cursor
from console.store.replica import Moment

LONG_NUMBERS = ("iccid", "imsi", "msisdn", "imei")  # of digits alone, too long for a spreadsheet's numbers
MARK = "\ufeff"  # by which spreadsheets know UTF-8
Row = Sequence[object]
Part = tuple[Sequence[Row], str | None]  # rows, and the cursor of those that follow
ReadPart = Callable[[AsyncConnection, Cursor | None], Awaitable[Part]]


class Format(StrEnum):
    """How a list is written."""

    SPREADSHEET = "spreadsheet"  # CSV that begins with the mark of UTF-8, its long numbers as texts
    CSV = "csv"  # RFC 4180, UTF-8 without a mark, numbers as they are
    NDJSON = "ndjson"  # one JSON object a line


MEDIA_TYPES = {
    Format.SPREADSHEET: "text/csv",
    Format.CSV: "text/csv",
    Format.NDJSON: "application/x-ndjson",
}


async def list_parts(
    db: Database, moment: Moment, columns: Sequence[str], read: ReadPart, written_as: Format, sheet: Sheet
) -> AsyncIterator[bytes]:
    """The names of the columns, then what `read` answers: rows, and the cursor of those that follow.

    No connection to the database is held while a part is sent.
    """
    if written_as is not Format.NDJSON:
        yield head(columns, written_as, sheet)
    following: str | None = ""
    while following is not None:
        cursor = read_cursor(following) if following else None
        rows, following = await db.replica.ask(_part(read, cursor), moment)
        yield lines(columns, rows, written_as, sheet)


def _part(read: ReadPart, cursor: Cursor | None) -> Callable[[AsyncConnection], Awaitable[Part]]:
    return lambda connection: read(connection, cursor)


def head(columns: Sequence[str], written_as: Format, sheet: Sheet = FOR_PROGRAMS) -> bytes:
    """The line of names of a CSV file."""
    return (MARK * (written_as is Format.SPREADSHEET) + csv_lines([columns], sheet)).encode()


def lines(columns: Sequence[str], rows: Iterable[Row], written_as: Format, sheet: Sheet = FOR_PROGRAMS) -> bytes:
    """A line for each row. In CSV a list is divided by comma, an object is JSON."""
    if written_as is Format.NDJSON:
        return msgspec.json.Encoder().encode_lines([dict(zip(columns, row, strict=True)) for row in rows])
    as_texts = [written_as is Format.SPREADSHEET and name in LONG_NUMBERS for name in columns]
    return csv_lines(([*map(_cell, row, as_texts)] for row in rows), sheet).encode()


def _cell(value: object, as_text: bool) -> object:
    if as_text and isinstance(value, str) and value.isascii() and value.isdigit():
        return LongNumber(value)
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode() if value else None
    return value
