"""Imports of annotations: what each file would change, and what became of it."""

from datetime import datetime
from typing import Annotated

import msgspec
import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.errors import Invalid, NotFound
from console.facts.sims import SimState
from console.sims.annotations_rules import Annotations
from console.sims.importing import FileRow
from console.sims.tables import imports

i = imports.c


class SimValues(Struct, frozen=True, kw_only=True):
    """Tags, note and custom fields of a SIM."""

    tags: Annotated[list[str], Meta(description="In lower case, sorted.", examples=[["pump"]])]
    note: Annotated[str | None, Meta(description="Null for none.", examples=["On the roof."])]
    custom_fields: Annotated[dict[str, str], Meta(description="By name.", examples=[{"site": "Berlin"}])]


class ImportChange(Struct, frozen=True, kw_only=True):
    """What one line of the file changes."""

    row: Annotated[int, Meta(description="Its line of the file; 1 is the head.", examples=[2])]
    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    label: Annotated[str | None, Meta(description="The SIM's label, by which people know it.", examples=["pump-1"])]
    edits: Annotated[int, Meta(description="The SIM's `edits` before.", examples=[3])]
    before: Annotated[SimValues, Meta(description="What the SIM has.")]
    after: Annotated[SimValues, Meta(description="What it has once the import is applied.")]


class ImportFault(Struct, frozen=True, kw_only=True):
    """A line of the file that changes nothing, and why."""

    row: Annotated[int, Meta(description="Its line of the file; 1 is the head.", examples=[4])]
    error: Annotated[str, Meta(description="Why, in a sentence.", examples=["No watched SIM has this ICCID."])]


class SimImport(Struct, frozen=True, kw_only=True):
    """A file of tags, notes and custom fields by ICCID: planned, applied or undone."""

    id: Annotated[int, Meta(description="The console's number of it.", examples=[1])]
    state: Annotated[str, Meta(description="`planned`, `applied`, `undone`.", examples=["planned"])]
    sims: Annotated[int, Meta(description="SIMs that it changes.", examples=[1])]
    faults: Annotated[int, Meta(description="Lines that change nothing because of an error.", examples=[1])]
    unchanged: Annotated[int, Meta(description="Lines that say what is so already.", examples=[0])]
    columns: Annotated[list[str], Meta(description="Columns that it changes.", examples=[["tags", "note"]])]
    ignored: Annotated[list[str], Meta(description="Columns that no import changes.", examples=[["label"]])]
    changes: Annotated[list[ImportChange], Meta(description="Each change, by line; empty in the list of imports.")]
    errors: Annotated[list[ImportFault], Meta(description="Each error, by line; empty in the list of imports.")]
    made_by: Annotated[str, Meta(description="Who gave the file.", examples=["ada"])]
    made_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])]
    applied_by: Annotated[str | None, Meta(description="Who applied it.", examples=[None])]
    applied_at: Annotated[datetime | None, Meta(description="When.", examples=[None])]
    undone_by: Annotated[str | None, Meta(description="Who has undone it.", examples=[None])]
    undone_at: Annotated[datetime | None, Meta(description="When.", examples=[None])]
    not_undone: Annotated[
        int | None,
        Meta(description="SIMs edited after it was applied: undoing left them as they were.", examples=[None]),
    ]


STATE = sa.case((i.undone_at.is_not(None), "undone"), (i.applied_at.is_not(None), "applied"), else_="planned")
SAME = "id unchanged columns ignored made_by made_at applied_by applied_at undone_by undone_at not_undone".split()
COUNTS = (
    sa.func.jsonb_array_length(i.changes).label("sims"),
    sa.func.jsonb_array_length(i.errors).label("faults"),
    STATE.label("state"),
)


async def latest(connection: AsyncConnection, organization_id: int) -> list[SimImport]:
    """Those that are kept, the newest first, without their lines."""
    query = sa.select(*(i[name] for name in SAME), *COUNTS).where(i.organization_id == organization_id)
    rows = (await connection.execute(query.order_by(i.id.desc()))).all()
    return [SimImport(**row._mapping, changes=[], errors=[]) for row in rows]


async def one(connection: AsyncConnection, organization_id: int, number: int, *, locked: bool = False) -> SimImport:
    """With its lines. Raises NotFound. `locked`: until the transaction ends nobody else takes it."""
    query = sa.select(*(i[name] for name in (*SAME, "changes", "errors")), *COUNTS)
    query = query.where(i.organization_id == organization_id, i.id == number)
    row = (await connection.execute(query.with_for_update() if locked else query)).one_or_none()
    if row is None:
        raise NotFound("There is no such import", sim_import=number)
    found = dict(row._mapping)
    lines = msgspec.convert({"changes": found.pop("changes"), "errors": found.pop("errors")}, Lines)
    return SimImport(**found, changes=lines.changes, errors=lines.errors)


class Lines(Struct, frozen=True):
    """As the database keeps them."""

    changes: list[ImportChange]
    errors: list[ImportFault]


def change_of(row: FileRow, sim: SimState | None) -> ImportChange | None:
    """What the line changes of the SIM; None if it has that already. Raises Invalid."""
    if sim is None:
        raise Invalid("Your organization has no SIM with this ICCID.")
    current = annotations_of(sim)
    after = row.applied_to(current)
    if after == current:
        return None
    return ImportChange(
        row=row.line,
        iccid=sim.iccid,
        label=sim.label,
        edits=sim.edits,
        before=_values_of(sim),
        after=_values_of(after),
    )


def _values_of(annotated: Annotations | SimState) -> SimValues:
    return SimValues(tags=annotated.tags, note=annotated.note, custom_fields=annotated.custom_fields)


def annotations_of(sim: SimState) -> Annotations:
    """What people have added to the SIM."""
    return Annotations(tags=sim.tags, note=sim.note, custom_fields=sim.custom_fields, edits=sim.edits)
