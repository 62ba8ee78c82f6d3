"""Changes of annotations: one after the other for each SIM, and published with the SIM's new state."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Changed, Conflict, Invalid, SimNotFound
from console.facts.sims import SimState
from console.sims import reads
from console.sims.annotations_rules import AnnotationChanges, Annotations, merged
from console.sims.filters import texts
from console.sims.importing import SimFile
from console.sims.imports import (
    ImportChange,
    ImportFault,
    SimImport,
    SimValues,
    annotations_of,
    change_of,
    one,
)
from console.sims.tables import annotations, imports, sims
from console.sims.writes import touch
from console.store.database import Transaction

MOST_IMPORTS = 20  # of an organization


async def annotate(
    transaction: Transaction,
    organization_id: int,
    iccid: str,
    changes: AnnotationChanges,
    by: str,
    now: datetime,
    *,
    expected: int | None = None,
) -> Annotations:
    """Change a SIM's tags, note and custom fields; what they are now.

    Raises SimNotFound, AnnotationRefused, and Changed if `expected` is given and is not the number of edits so far.
    """
    sim = await locked(transaction, organization_id, iccid)
    current = annotations_of(sim)
    if expected is not None and expected != current.edits:
        raise Changed(
            "Somebody has changed this SIM's tags, note or custom fields meanwhile: look at them, then try again",
            edits=current.edits,
        )
    wanted = merged(current, changes)
    if wanted != current:
        await keep(transaction, organization_id, iccid, wanted, by, now)
        await touch(transaction, organization_id, [iccid], now)
    return wanted


async def locked(transaction: Transaction, organization_id: int, iccid: str) -> SimState:
    """The SIM as it is, and stays until the transaction ends. Raises SimNotFound."""
    known = sa.select(sims.c.iccid).where(sims.c.organization_id == organization_id, sims.c.iccid == iccid)
    if (await transaction.connection.execute(known.with_for_update())).first() is None:
        raise SimNotFound(iccid)
    (sim,) = await reads.many(transaction.connection, organization_id, [iccid])
    return sim


async def keep(
    transaction: Transaction, organization_id: int, iccid: str, wanted: Annotations, by: str, now: datetime
) -> None:
    """Store annotations, also those of a SIM that 1NCE has not confirmed yet."""
    values = {
        "tags": wanted.tags,
        "note": wanted.note,
        "custom_fields": wanted.custom_fields,
        "edits": wanted.edits,
        "edited_at": now,
        "edited_by": by,
    }
    statement = insert(annotations).values(organization_id=organization_id, iccid=iccid, **values)
    statement = statement.on_conflict_do_update(index_elements=["organization_id", "iccid"], set_=values)
    await transaction.connection.execute(statement)


async def plan_import(
    transaction: Transaction, organization_id: int, file: SimFile, by: str, now: datetime
) -> SimImport:
    """Keep what a file would change, and nothing of its SIMs; the latest MOST_IMPORTS are kept, and as many applied."""
    found = await reads.many(transaction.connection, organization_id, [row.iccid for row in file.rows])
    sims_by_iccid = {sim.iccid: sim for sim in found}
    changes, errors, unchanged = [], [ImportFault(row=fault.line, error=fault.error) for fault in file.errors], 0
    for row in file.rows:
        try:
            change = change_of(row, sims_by_iccid.get(row.iccid))
        except Invalid as error:
            errors.append(ImportFault(row=row.line, error=error.message))
        else:
            changes += [change] if change else []
            unchanged += not change
    values = {
        "columns": file.columns,
        "ignored": file.ignored,
        "changes": msgspec.to_builtins(changes),
        "errors": msgspec.to_builtins(sorted(errors, key=lambda fault: fault.row)),
        "unchanged": unchanged,
        "made_by": by,
        "made_at": now,
    }
    new = insert(imports).values(organization_id=organization_id, **values).returning(imports.c.id)
    number = (await transaction.connection.execute(new)).scalar_one()
    mine = imports.c.organization_id == organization_id
    kept = sa.select(imports.c.id).where(mine).order_by(imports.c.id.desc()).limit(MOST_IMPORTS)
    applied = kept.where(mine, imports.c.applied_at.is_not(None))
    old = (imports.c.id.not_in(kept), imports.c.id.not_in(applied))
    await transaction.connection.execute(sa.delete(imports).where(mine, *old))
    return await one(transaction.connection, organization_id, number)


async def apply_import(
    transaction: Transaction, organization_id: int, number: int, by: str, now: datetime
) -> SimImport:
    """Change all of its SIMs, or none. Raises NotFound, Conflict if it was applied before, and Changed if a SIM was
    edited since the file was read."""
    planned = await one(transaction.connection, organization_id, number, locked=True)
    if planned.state != "planned":
        raise Conflict("This import has been applied before", sim_import=number)
    edits = await _locked_edits(transaction, organization_id, planned.changes)
    if edited := [change.iccid for change in planned.changes if edits.get(change.iccid) != change.edits]:
        raise Changed(f"{len(edited):,} of its SIMs changed since the file was read: read it again", iccids=edited[:20])
    wanted = [(change.iccid, change.after, change.edits + 1) for change in planned.changes]
    await _keep_all(transaction, organization_id, wanted, by, now)
    await _note(transaction, organization_id, number, applied_by=by, applied_at=now)
    return await one(transaction.connection, organization_id, number)


async def undo_import(
    transaction: Transaction, organization_id: int, number: int, by: str, now: datetime
) -> tuple[SimImport, list[ImportChange]]:
    """Give its SIMs back what they had, and say which; those that were edited since stay as they are, and are counted.

    Raises NotFound, and Conflict if it is not applied.
    """
    applied = await one(transaction.connection, organization_id, number, locked=True)
    if applied.state != "applied":
        raise Conflict("Only an import that is applied can be undone", sim_import=number)
    edits = await _locked_edits(transaction, organization_id, applied.changes)
    same = [change for change in applied.changes if edits.get(change.iccid) == change.edits + 1]
    wanted = [(change.iccid, change.before, change.edits + 2) for change in same]
    await _keep_all(transaction, organization_id, wanted, by, now)
    left = len(applied.changes) - len(same)
    await _note(transaction, organization_id, number, undone_by=by, undone_at=now, not_undone=left)
    return await one(transaction.connection, organization_id, number), same


async def _locked_edits(
    transaction: Transaction, organization_id: int, changes: Sequence[ImportChange]
) -> dict[str, int]:
    """How often each of these SIMs was edited; nobody edits them before the transaction ends."""
    iccids = [change.iccid for change in changes]
    mine = sa.and_(sims.c.organization_id == organization_id, sims.c.iccid == sa.func.any(texts(iccids)))
    query = sa.select(sims.c.iccid).where(mine).order_by(sims.c.iccid).with_for_update()
    await transaction.connection.execute(query)
    return {sim.iccid: sim.edits for sim in await reads.many(transaction.connection, organization_id, iccids)}


async def _keep_all(
    transaction: Transaction,
    organization_id: int,
    wanted: Sequence[tuple[str, SimValues, int]],
    by: str,
    now: datetime,
) -> None:
    names = ("tags", "note", "custom_fields", "edits", "edited_at", "edited_by")
    rows = [
        {"organization_id": organization_id, "iccid": iccid, **msgspec.structs.asdict(values), "edits": edits}
        | {"edited_at": now, "edited_by": by}
        for iccid, values, edits in wanted
    ]
    if not rows:
        return
    new = insert(annotations)
    latest = {name: new.excluded[name] for name in names}
    keeping = new.on_conflict_do_update(index_elements=["organization_id", "iccid"], set_=latest)
    await transaction.connection.execute(keeping, rows)
    await touch(transaction, organization_id, [iccid for iccid, _, _ in wanted], now)


async def _note(transaction: Transaction, organization_id: int, number: int, **values: object) -> None:
    mine = sa.and_(imports.c.organization_id == organization_id, imports.c.id == number)
    await transaction.connection.execute(sa.update(imports).where(mine).values(values))
