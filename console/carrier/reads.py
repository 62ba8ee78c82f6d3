"""Questions about the accounts at 1NCE."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier.rules import OPERATIONS
from console.carrier.tables import account_lines, account_operations
from console.organizations.tables import organizations
from console.states import LineState, OperationState

LINE = tuple(account_lines.c[name] for name in LineState.__struct_fields__)
SAID = tuple(name for name in OperationState.__struct_fields__ if name not in ("name", "does"))


async def line(connection: AsyncConnection, organization_id: int) -> LineState:
    """How the line to 1NCE stands; "unknown" before the first question."""
    row = (await connection.execute(sa.select(*LINE).where(account_lines.c.organization_id == organization_id))).first()
    return LineState(**row._mapping) if row else LineState()


async def operations(connection: AsyncConnection, organization_id: int) -> list[OperationState]:
    """Everything that 1NCE can be asked to do, and whether it does it for this organization."""
    c = account_operations.c
    query = sa.select(c.operation, *(c[name] for name in SAID)).where(c.organization_id == organization_id)
    rows = {row.operation: row._asdict() for row in (await connection.execute(query)).all()}
    names = [*OPERATIONS, *sorted(rows.keys() - OPERATIONS.keys())]
    return [
        OperationState(
            name=name, does=OPERATIONS.get(name, name), **{key: rows[name][key] for key in SAID if name in rows}
        )
        for name in names
    ]


async def off(connection: AsyncConnection, organization_id: int) -> list[OperationState]:
    """What 1NCE does not offer this organization."""
    return [one for one in await operations(connection, organization_id) if one.offered is False]


async def summary(connection: AsyncConnection) -> list[tuple[str, str, int]]:
    """Of each organization its slug, how its line stands, and how many operations are off: for the figures."""
    mine = account_operations.c.organization_id == organizations.c.id
    count = sa.select(sa.func.count()).where(mine, account_operations.c.offered.is_(False)).scalar_subquery()
    joined = organizations.outerjoin(account_lines, account_lines.c.organization_id == organizations.c.id)
    query = sa.select(organizations.c.slug, account_lines.c.state, count).select_from(joined)
    rows = await connection.execute(query.order_by(organizations.c.id))
    return [(slug, state or "unknown", number) for slug, state, number in rows.all()]
