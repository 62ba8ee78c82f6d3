"""The lines of an organization as a file, read and sent in parts: however many they are, few are in memory."""

from collections.abc import AsyncIterator
from enum import StrEnum
from functools import partial

import msgspec

from console.audit import reads
from console.audit.rules import AuditLine, LineFilter
from console.http.csv_lines import csv_lines
from console.store.database import Database
from console.store.keyset import read_cursor
from console.store.replica import Moment

AT_ONCE = 200  # lines of a part
FIELDS = AuditLine.__struct_fields__


class Format(StrEnum):
    """How an export is written."""

    CSV = "csv"
    NDJSON = "ndjson"  # one JSON object a line


MEDIA_TYPES = {Format.CSV: "text/csv", Format.NDJSON: "application/x-ndjson"}


async def export_parts(
    db: Database,
    moment: Moment,
    organization_id: int,
    wanted: LineFilter,
    written_as: Format,
    *,
    at_once: int = AT_ONCE,
) -> AsyncIterator[bytes]:
    """The lines, the latest first. No connection to the database is held while a part is sent."""
    if written_as is Format.CSV:
        yield csv_lines([FIELDS]).encode()
    following: str | None = ""
    while following is not None:
        cursor = read_cursor(following) if following else None
        part = partial(reads.page, organization_id=organization_id, wanted=wanted, limit=at_once, cursor=cursor)
        found, following = await db.replica.ask(part, moment)
        yield _written(found, written_as)


def _written(found: list[AuditLine], written_as: Format) -> bytes:
    if written_as is Format.NDJSON:
        return msgspec.json.Encoder().encode_lines(found)
    return csv_lines([[_text(getattr(line, name)) for name in FIELDS] for line in found]).encode()


def _text(value: object) -> object:
    """A value as a cell: times in RFC 3339, objects as JSON."""
    if value is None or isinstance(value, (str, int)):
        return value
    return msgspec.json.encode(value).decode().strip('"')
