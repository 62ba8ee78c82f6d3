"""What the lists of pages share as files: the audit line, the name, and the format that was chosen."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Response
from litestar.params import QueryParameter
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import Invalid
from console.http.attachments import attachment
from console.http.csv_lines import FOR_PROGRAMS, Sheet
from console.http.database import let_go
from console.http.list_files import MEDIA_TYPES, Format, ReadPart, Row, head, lines, list_parts
from console.organizations.rules import Caller
from console.pages.address_faults import address_faults
from console.pages.reader import own_sheet
from console.store.database import Database
from console.store.giving_way import giving_way
from console.store.replica import Moment

AT_ONCE = 200  # rows of a part
WrittenAs = Annotated[Format, QueryParameter(name="format")]


async def asked_of(request: Request[Any, Any, Any], written_as: Format) -> dict[str, str]:
    """What the audit line says of a file; the request's connection is given back.

    Invalid where the page itself would have left a part of the address out: a file has no place to say so.
    """
    if faults := address_faults(request):
        raise Invalid(" ".join(faults))
    await let_go(request.scope)
    return {"format": written_as.value, "query": request.url.query[:2000]}


async def list_file(
    request: Request[Any, Any, Any],
    caller: Caller,
    db: Database,
    written_as: Format,
    *,
    name: str,
    columns: Sequence[str],
    read: ReadPart,
) -> Stream:
    """Every row that `read` answers under these names. That it was asked for is an audit line."""
    after = await asked_of(request, written_as)
    async with db.transaction() as transaction, acting(transaction, caller, "list.export", name) as act:
        act.after = after
    return await sent_list(db, written_as, name=name, columns=columns, read=read)


async def sent_list(db: Database, written_as: Format, *, name: str, columns: Sequence[str], read: ReadPart) -> Stream:
    """The same, for what acts under a name of its own; sent part by part."""
    moment = await db.replica.moment()
    parts = list_parts(db, moment, columns, read, written_as, _sheet(written_as))
    headers = _headers(f"{name}-{datetime.now(UTC):%Y-%m-%d}", written_as, moment)
    return Stream(giving_way(parts, db.export_turn), media_type=MEDIA_TYPES[written_as], headers=headers)


async def sent_table(
    db: Database,
    written_as: Format,
    *,
    name: str,
    read: Callable[[AsyncConnection, datetime], Awaitable[Sequence[Row]]],
) -> Response[bytes]:
    """A table of few rows, the first of which has the names of its columns, in one part."""
    moment = await db.replica.moment()
    names, *rows = await db.replica.ask(lambda connection: read(connection, moment.as_of), moment)
    columns, sheet = [str(one) for one in names], _sheet(written_as)
    first = b"" if written_as is Format.NDJSON else head(columns, written_as, sheet)
    text = first + lines(columns, rows, written_as, sheet)
    return Response(text, media_type=MEDIA_TYPES[written_as], headers=_headers(name, written_as, moment))


def row(columns: Sequence[str], shown: object, **own: object) -> list[object]:
    """The cells of a row: `own` ones by their names, the others as `shown` has them."""
    return [own[name] if name in own else getattr(shown, name) for name in columns]


def _sheet(written_as: Format) -> Sheet:
    return own_sheet() if written_as is Format.SPREADSHEET else FOR_PROGRAMS


def _headers(name: str, written_as: Format, moment: Moment) -> dict[str, str]:
    ending = "ndjson" if written_as is Format.NDJSON else "csv"
    return {**attachment(name, ending, moment), "Cache-Control": "no-store"}
