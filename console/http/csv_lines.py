"""Rows as CSV (RFC 4180) that a spreadsheet shows as they are: no cell is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from msgspec import Struct

# What a spreadsheet may take for the beginning of a formula, as it stands or after blanks (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class LongNumber:
    """Digits that a spreadsheet shall keep as they are: as a number it would round all but the first fifteen."""

    def __init__(self, digits: str) -> None:
        """ValueError for anything but digits: what stands in a formula is never a text of others."""
        if not (digits.isascii() and digits.isdigit()):
            raise ValueError("only digits stand in a formula")
        self._digits = digits

    def __str__(self) -> str:
        """The formula of a text."""
        return f'="{self._digits}"'


class Sheet(Struct, frozen=True):
    """How whoever opens a file reads moments and numbers."""

    zone: tzinfo = UTC
    decimal_comma: bool = False  # such spreadsheets divide cells by semicolons


FOR_PROGRAMS = Sheet()


def csv_lines(rows: Iterable[Sequence[object]], sheet: Sheet = FOR_PROGRAMS) -> str:
    """One line for each row. A text that begins like a formula gets an apostrophe before it; None is empty.

    Moments are in RFC 3339, in the sheet's zone and with it.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n", delimiter=";" if sheet.decimal_comma else ",")
    writer.writerows([_cell(value, sheet) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: object, sheet: Sheet) -> object:
    if isinstance(value, datetime):
        return value.astimezone(sheet.zone).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, float) and sheet.decimal_comma:
        return str(value).replace(".", ",")
    if not isinstance(value, str):
        return value
    return "'" + value if value.startswith(FORMULA) or value.lstrip().startswith(FORMULA) else value
