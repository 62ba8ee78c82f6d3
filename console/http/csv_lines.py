"""Rows as CSV (RFC 4180) that a spreadsheet shows as they are: no cell is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

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


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """One line for each row. A text that begins like a formula gets an apostrophe before it; None is empty."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    return "'" + value if value.startswith(FORMULA) or value.lstrip().startswith(FORMULA) else value
