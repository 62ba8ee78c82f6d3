"""Whether the chain of an organization's lines holds: each line is looked at, in its order."""

import hmac
from collections.abc import Collection, Mapping

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.audit.chain import Head, fault_of, is_proved
from console.audit.tables import lines, seals, unsealed

AT_ONCE = 2_000  # lines that are verified in one step
PRUNED = "audit.prune"  # the action whose lines say up to where older ones were deleted


class Verification(Struct, frozen=True, kw_only=True):
    """Whether an organization's lines are as they were sealed."""

    organization_id: int
    number: int  # the last line that holds
    hmac: bytes
    fault: str | None = None  # the first that does not, in words


async def verify(
    connection: AsyncConnection, organization_id: int, keys: Mapping[str, bytes], known: Collection[Head] = ()
) -> Verification:
    """Look through all lines of an organization, from the first that is kept; ends at the first that does not hold.

    `known`: heads that were kept elsewhere. Without them, nothing shows that the last lines were removed, or that
    whoever has the keys wrote the trail anew. Those of lines that were pruned can't be compared.
    """
    head = await _beginning(connection, organization_id, keys)
    while True:
        query = (
            sa.select(seals, *[column.label(f"kept_{column.name}") for column in lines.c])
            .outerjoin(lines, lines.c.id == seals.c.line_id)
            .where(seals.c.organization_id == organization_id, seals.c.number > head.number)
            .order_by(seals.c.number)
            .limit(AT_ONCE)
        )
        found = (await connection.execute(query)).mappings().all()
        for row in found:
            line = {column.name: row[f"kept_{column.name}"] for column in lines.c}
            if fault := fault_of(keys, head, {**row}, None if line["id"] is None else line):
                return _found(organization_id, head, fault)
            head = Head(row["number"], row["hmac"])
            if any(one.number == head.number and one.hmac != head.hmac for one in known):
                return _found(organization_id, head, f"line {head.number} is another than the one that was kept")
        if len(found) < AT_ONCE:
            break
    if (last := max((one.number for one in known), default=0)) > head.number:
        return _found(organization_id, head, f"lines {head.number + 1} to {last} are missing at the end")
    if (lost := await _never_sealed(connection, organization_id)) is not None:
        return _found(organization_id, head, f"the line with the id {lost} has no number and does not wait for one")
    return _found(organization_id, head, None)


async def holds(
    connection: AsyncConnection, organization_id: int, keys: Mapping[str, bytes], known: Head | None
) -> bool:
    """Whether an organization's chain still holds a head that was kept elsewhere, or has been pruned beyond it.

    Else its last lines were removed, also if others have been sealed in their place.
    """
    if known is None:
        return True
    s = seals.c
    query = sa.select(s.hmac).where(s.organization_id == organization_id, s.number == known.number)
    found: bytes | None = (await connection.execute(query)).scalar()
    if found is not None:
        return hmac.compare_digest(found, known.hmac)
    return known.number <= (await _beginning(connection, organization_id, keys)).number


def _found(organization_id: int, head: Head, fault: str | None) -> Verification:
    return Verification(organization_id=organization_id, number=head.number, hmac=head.hmac, fault=fault)


async def _beginning(connection: AsyncConnection, organization_id: int, keys: Mapping[str, bytes]) -> Head:
    """What the first line that is kept must follow: nothing, or the last that was deleted after its seven years.

    Whoever can write a line, but has no key, moves nothing: the line that says so must prove it.
    """
    c = lines.c
    query = sa.select(c.after).where(c.organization_id == organization_id, c.action == PRUNED, c.outcome == "done")
    said = (await connection.execute(query.order_by(c.id.desc()))).scalars()
    proved = (one for one in said if one and is_proved(keys, organization_id, one))
    pruned = next(proved, None)
    return Head(pruned["number"], bytes.fromhex(pruned["hmac"])) if pruned else Head()


async def _never_sealed(connection: AsyncConnection, organization_id: int) -> int | None:
    query = (
        sa.select(sa.func.min(lines.c.id))
        .outerjoin(seals, seals.c.line_id == lines.c.id)
        .outerjoin(unsealed, unsealed.c.line_id == lines.c.id)
        .where(lines.c.organization_id == organization_id, seals.c.line_id.is_(None), unsealed.c.line_id.is_(None))
    )
    found: int | None = (await connection.execute(query)).scalar()
    return found
