"""Files of tags, notes and custom fields: read, looked at line by line, applied, undone."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.errors import Invalid
from console.organizations.rules import Caller, Permission
from console.pages.administration import Form, page
from console.sims import annotations_writes as writes
from console.sims import imports
from console.sims.annotations_api import noted
from console.sims.importing import LARGEST, MOST_ROWS, read_file
from console.sims.imports import ImportChange
from console.store.database import Database

FORM_BYTES = 6 * LARGEST  # a byte of a form may take three, and a character several bytes
MOST_SHOWN = 500  # lines
By = NamedDependency[Caller]
Db = NamedDependency[Database]
Reading = NamedDependency[AsyncConnection]


class ImportForm(Struct):
    """A CSV file as text."""

    csv: str = ""


class Difference(Struct, frozen=True):
    """What a line changes of one column; None: there was or is nothing."""

    name: str
    before: str | None
    after: str | None


def differences(change: ImportChange) -> Iterator[Difference]:
    """Of tags, note and each custom field those that differ."""
    before, after = change.before, change.after
    fields = sorted(before.custom_fields.keys() | after.custom_fields.keys())
    pairs = [
        ("tags", ", ".join(before.tags), ", ".join(after.tags)),
        ("note", before.note, after.note),
        *((name, before.custom_fields.get(name), after.custom_fields.get(name)) for name in fields),
    ]
    return (Difference(name, old or None, new or None) for name, old, new in pairs if (old or None) != (new or None))


async def _imports_page(reading: Any, caller: Caller, live_since: str, fault: str = "", text: str = "") -> Template:
    return await page(
        reading,
        caller,
        live_since,
        "sims",
        "sims/imports.html",
        status=422 if fault else 200,
        imports=await imports.latest(reading, caller.organization_id),
        most_rows=MOST_ROWS,
        kept=writes.MOST_IMPORTS,
        fault=fault,
        text=text,
    )


@get("/sim-imports")
async def imports_page(caller: By, reading: Reading, live_since: NamedDependency[str]) -> Template:
    """A file to be read, and the latest imports."""
    return await _imports_page(reading, caller, live_since)


@post("/sim-imports", status_code=303, request_max_body_size=FORM_BYTES)
async def plan(caller: By, db: Db, live_since: NamedDependency[str], data: Form[ImportForm]) -> Redirect | Template:
    """To what the file would change; the form again, with the reason, if the file can't be read."""
    try:
        file = await asyncio.to_thread(read_file, data.csv)
    except Invalid as error:
        async with db.reading() as reading:
            return await _imports_page(reading, caller, live_since, error.message, data.csv[:LARGEST])
    now = datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "import.plan") as act:
        found = await writes.plan_import(transaction, caller.organization_id, file, caller.name, now)
        noted(act, found)
    return Redirect(f"/sim-imports/{found.id}", status_code=303)


@get("/sim-imports/{sim_import_id:int}")
async def import_page(
    caller: By, reading: Reading, live_since: NamedDependency[str], sim_import_id: FromPath[int]
) -> Template:
    """Each change and each error of the file, and what became of it."""
    found = await imports.one(reading, caller.organization_id, sim_import_id)
    return await page(
        reading,
        caller,
        live_since,
        "sims",
        "sims/import.html",
        found=found,
        changes=[(change, [*differences(change)]) for change in found.changes[:MOST_SHOWN]],
        errors=found.errors[:MOST_SHOWN],
    )


@post("/sim-imports/{sim_import_id:int}/apply", status_code=303)
async def apply(caller: By, db: Db, sim_import_id: FromPath[int]) -> Redirect:
    """Back to the import."""
    now, number = datetime.now(UTC), sim_import_id
    async with db.transaction() as transaction, acting(transaction, caller, "import.apply", str(number)) as act:
        found = await writes.apply_import(transaction, caller.organization_id, number, caller.name, now)
        noted(act, found, found.changes)
    return Redirect(f"/sim-imports/{sim_import_id}", status_code=303)


@post("/sim-imports/{sim_import_id:int}/undo", status_code=303)
async def undo(caller: By, db: Db, sim_import_id: FromPath[int]) -> Redirect:
    """Back to the import."""
    now, number = datetime.now(UTC), sim_import_id
    async with db.transaction() as transaction, acting(transaction, caller, "import.undo", str(number)) as act:
        found, changed = await writes.undo_import(transaction, caller.organization_id, number, caller.name, now)
        noted(act, found, changed, back=True)
    return Redirect(f"/sim-imports/{sim_import_id}", status_code=303)


router = Router(
    "/",
    route_handlers=[imports_page, plan, import_page, apply, undo],
    include_in_schema=False,
    opt={"permission": Permission.SIMS_WRITE},
)
