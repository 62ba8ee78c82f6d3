"""A CSV file of tags, notes and custom fields by ICCID, taken apart line by line. No database."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import UNSET, Struct

from console.errors import Invalid
from console.http.csv_lines import FORMULA
from console.iccid import InvalidIccid, parse
from console.sims.annotations_rules import (
    CUSTOM,
    AnnotationChanges,
    AnnotationRefused,
    Annotations,
    field_name,
    merged,
)

INVISIBLE = "\ufeff\u200b\u2060"  # that programs and clipboards put in front
DIVIDER = re.compile(r"sep=([,;\t])")  # a first line by which spreadsheets name it
LARGEST = 1_000_000  # characters of a file
MOST_ROWS = 5_000
MOST_COLUMNS = 60
WHOLE = "custom_fields"  # all custom fields as a JSON object, as an export has them
OURS = ("tags", "note", WHOLE)


class LineError(Struct, frozen=True):
    """A line of a file that changes nothing, and why."""

    line: int  # from 1, the head
    error: str


class FileRow(Struct, frozen=True, kw_only=True):
    """What a line asks for: a column that is there says what the SIM has afterwards, and an empty cell removes."""

    line: int
    iccid: str
    changes: AnnotationChanges
    whole: bool  # custom fields that are not named go

    def applied_to(self, current: Annotations) -> Annotations:
        """Raises AnnotationRefused."""
        changes, fields = self.changes, self.changes.custom_fields
        if self.whole and isinstance(fields, dict):
            changes = msgspec.structs.replace(changes, custom_fields={**dict.fromkeys(current.custom_fields), **fields})
        return merged(current, changes)


class SimFile(Struct, frozen=True, kw_only=True):
    """A CSV file of annotations, read; nothing of it is compared with SIMs yet."""

    columns: list[str]  # that it changes
    ignored: list[str]
    rows: list[FileRow]
    errors: list[LineError]


def read_file(text: str) -> SimFile:
    """The file, divided by comma, semicolon or tab. Raises Invalid for one that can't be read at all.

    Takes some 0.2 s for 5,000 lines: call it in a thread.
    """
    if len(text) > LARGEST:
        raise Invalid(f"A file has at most {LARGEST:,} characters; this one has {len(text):,}.")
    if "\ufffd" in text or "\0" in text:
        raise Invalid("The file is not text in UTF-8: save it as “CSV UTF-8”.")
    lines = _lines(text.lstrip(INVISIBLE))
    _, head = next(lines, (1, []))
    names = [_column(cell) for cell in head]
    if names.count("iccid") != 1 or len(names) > MOST_COLUMNS:
        raise Invalid(f"The first line names the columns, at most {MOST_COLUMNS}: one of them is iccid.")
    columns = [name for name in names if name in OURS or name.startswith(CUSTOM)]
    if not columns:
        raise Invalid("No column can be changed: these are tags, note, custom_fields, and field.<name> for each field.")
    if twice := next((name for name in columns if columns.count(name) > 1), None):
        raise Invalid(f"The column {twice[:40]} is there twice.")
    rows, errors, seen = [], [], dict[str, int]()
    for line, cells in lines:
        try:
            row = _row(line, names, cells)
            if row.iccid in seen:
                raise Invalid(f"The SIM is on line {seen[row.iccid]} too.")
            seen[row.iccid] = line
            rows.append(row)
        except (Invalid, InvalidIccid) as error:
            errors.append(LineError(line, getattr(error, "message", str(error))))
        if len(rows) + len(errors) > MOST_ROWS:
            raise Invalid(f"A file has at most {MOST_ROWS:,} lines: divide it.")
    return SimFile(
        columns=columns, ignored=[one for one in names if one not in ("iccid", *columns)], rows=rows, errors=errors
    )


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line with its number; empty ones are passed over. Raises Invalid."""
    first, _, rest = text.partition("\n")
    named = DIVIDER.fullmatch(first.strip('\r "').lower())
    divider, number = (named[1], 2) if named else (max(",;\t", key=first.count), 1)
    reader = csv.reader(io.StringIO(rest if named else text, newline=""), delimiter=divider, strict=True)
    before = number - 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield number, [_plain(cell) for cell in cells]
            number = before + reader.line_num + 1
    except csv.Error as error:
        why = "a quotation mark that opens there is closed nowhere" if "end of data" in str(error) else error
        raise Invalid(f"Line {number} is no CSV: {why}.") from error


def _plain(cell: str) -> str:
    """The cell as it was before it was made safe for spreadsheets."""
    cell = cell.strip()
    if cell.startswith('="') and cell.endswith('"') and cell[2:-1].isdigit():
        return cell[2:-1]
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip().startswith(FORMULA) else cell


def _column(cell: str) -> str:
    name = cell.strip()
    if not name.lower().startswith(CUSTOM):
        return name.lower()
    return CUSTOM + field_name(name[len(CUSTOM) :])


def _row(line: int, names: Sequence[str], cells: Sequence[str]) -> FileRow:
    """Raises Invalid, InvalidIccid."""
    if len(cells) > len(names):
        raise Invalid(f"It has {len(cells)} cells, more than the {len(names)} columns.")
    found = dict(zip(names, [*cells, *[""] * (len(names) - len(cells))], strict=True))
    fields: dict[str, str | None] = _whole(found[WHOLE]) if WHOLE in found else {}
    fields |= {name.removeprefix(CUSTOM): value or None for name, value in found.items() if name.startswith(CUSTOM)}
    row = FileRow(
        line=line,
        iccid=parse(found["iccid"]),
        changes=AnnotationChanges(
            tags=[one for one in found["tags"].split(",") if one.strip()] if "tags" in found else UNSET,
            note=found.get("note", UNSET),
            custom_fields=fields if fields or WHOLE in found else UNSET,
        ),
        whole=WHOLE in found,
    )
    row.applied_to(Annotations())  # what can't be is said at once
    return row


def _whole(cell: str) -> dict[str, str | None]:
    try:
        return dict(msgspec.json.decode(cell or "{}", type=dict[str, str]))
    except msgspec.DecodeError as error:
        raise AnnotationRefused('custom_fields is a JSON object of texts, like {"site": "Berlin"}.') from error
