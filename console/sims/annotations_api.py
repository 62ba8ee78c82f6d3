"""Imports of tags, notes and custom fields for programs."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from msgspec.structs import asdict
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import Act, acting
from console.http.fields import FieldNames, one_selected, selected
from console.organizations.rules import Caller, Permission
from console.sims import annotations_writes as writes
from console.sims import imports
from console.sims.importing import LARGEST, read_file
from console.sims.imports import ImportChange, SimImport
from console.store.database import Database

By = NamedDependency[Caller]
Db = NamedDependency[Database]
LARGEST_BODY_BYTES = 4 * LARGEST  # each character may be escaped, or several bytes


class NewSimImport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of tags, notes and custom fields by ICCID."""

    csv: Annotated[
        str,
        Meta(
            max_length=LARGEST,
            description="Its first line names the columns: `iccid`, and of `tags`, `note`, `custom_fields` and"
            " `field.<name>` those that are to change. A column that is there says what the SIM has afterwards; an"
            " empty cell removes.",
            examples=["iccid,tags,field.site\r\n8988228066600000001,pump,Berlin\r\n"],
        ),
    ]


class SimImports(Struct, frozen=True):
    """The latest imports."""

    items: Annotated[list[SimImport], Meta(description="The newest first, without their lines; twenty are kept.")]


def noted(act: Act, found: SimImport, changed: Sequence[ImportChange] = (), *, back: bool = False) -> None:
    """What the audit trail says of an import, with a line for each SIM that was changed, or given back what it had."""
    act.after = {"sim_import": found.id, "sims": found.sims, "faults": found.faults, "columns": found.columns}
    pairs = ((one.iccid, asdict(one.before), asdict(one.after)) for one in changed)
    act.each = [(iccid, after, before) if back else (iccid, before, after) for iccid, before, after in pairs]


@get("/", operation_id="listSimImports", summary="The latest imports of tags, notes and custom fields")
async def list_imports(caller: By, reading: NamedDependency[AsyncConnection], fields: FieldNames = "") -> SimImports:
    """Without their lines."""
    return SimImports(selected(SimImport, await imports.latest(reading, caller.organization_id), fields))


@get("/{sim_import_id:int}", operation_id="getSimImport", summary="One import with each change and each error")
async def get_import(
    caller: By, reading: NamedDependency[AsyncConnection], sim_import_id: FromPath[int], fields: FieldNames = ""
) -> SimImport:
    """404 for one that is not there, or is no longer kept."""
    found = await imports.one(reading, caller.organization_id, sim_import_id)
    return one_selected(found, fields)


@post(
    "/",
    operation_id="planSimImport",
    summary="See what a CSV file would change",
    request_max_body_size=LARGEST_BODY_BYTES,
)
async def plan_import(caller: By, db: Db, data: JSONBody[NewSimImport]) -> SimImport:
    """Changes nothing of any SIM. 422 for a file that can't be read at all; a line with an error is among `errors`."""
    file = await asyncio.to_thread(read_file, data.csv)
    now = datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "import.plan") as act:
        found = await writes.plan_import(transaction, caller.organization_id, file, caller.name, now)
        noted(act, found)
    return found


@post("/{sim_import_id:int}/apply", operation_id="applySimImport", summary="Apply an import", status_code=200)
async def apply_import(caller: By, db: Db, sim_import_id: FromPath[int]) -> SimImport:
    """All of its changes or none. 409 if it was applied before, 412 if one of its SIMs was edited since it was made."""
    now, number = datetime.now(UTC), sim_import_id
    async with db.transaction() as transaction, acting(transaction, caller, "import.apply", str(number)) as act:
        found = await writes.apply_import(transaction, caller.organization_id, number, caller.name, now)
        noted(act, found, found.changes)
    return found


@post("/{sim_import_id:int}/undo", operation_id="undoSimImport", summary="Undo an import", status_code=200)
async def undo_import(caller: By, db: Db, sim_import_id: FromPath[int]) -> SimImport:
    """Its SIMs have again what they had before. Those that were edited since stay, and are counted in `not_undone`."""
    now, number = datetime.now(UTC), sim_import_id
    async with db.transaction() as transaction, acting(transaction, caller, "import.undo", str(number)) as act:
        found, changed = await writes.undo_import(transaction, caller.organization_id, number, caller.name, now)
        noted(act, found, changed, back=True)
    return found


router = Router(
    "/sim-imports",
    route_handlers=[list_imports, get_import, plan_import, apply_import, undo_import],
    opt={"permission": Permission.SIMS_WRITE},
    tags=["SIMs"],
)
