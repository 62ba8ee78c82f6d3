"""The order of a list of SIMs, as keys of its pages."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims.annotations_rules import CUSTOM
from console.sims.rules import SORTS, Sort
from console.sims.tables import sim_states
from console.store.keyset import Keys, mark

TWINS = {"data_left_bytes": sim_states.c.quota}
BETWEEN_TAGS = ", "


def keys_of(sort: Sequence[Sort]) -> "list[tuple[sa.ColumnElement[Any], bool]]":
    """The fields to order by. The ICCID comes last, so that no two SIMs are equal."""
    keys = [(_expression(one.field), one.descending) for one in sort]
    if "iccid" not in {one.field for one in sort}:
        keys.append((sim_states.c.iccid, bool(keys) and keys[-1][1]))
    return keys


def _expression(field: str) -> "sa.ColumnElement[Any]":
    """What a field is ordered by; NULL where a SIM has none."""
    c = sim_states.c
    found: sa.ColumnElement[Any]
    if field.startswith(CUSTOM):
        found = c.custom_fields[field.removeprefix(CUSTOM)].astext.label(field)
    elif field == "tags":
        found = sa.func.nullif(sa.func.array_to_string(c.tags, BETWEEN_TAGS), "", type_=sa.Text).label(field)
    else:
        found = c[SORTS[field]]
    return found


def fields_of(keys: Keys) -> list[str]:
    """The fields of a SIM that its cursor in this order needs."""
    names = [str(getattr(column, "key", "")) for column, _ in keys]
    return ["custom_fields" if name.startswith(CUSTOM) else name for name in names]


async def with_keys(connection: AsyncConnection, organization_id: int, keys: Keys, state: Any) -> Any:
    """The SIM with all that it is ordered by: itself, or, where it does not have that, as the database has it."""
    names = fields_of(keys)
    if all(hasattr(state, name) for name in names):
        return state
    c = sim_states.c
    read = {name: c[name] for name in (*names, "iccid")}
    query = sa.select(*read.values()).where(c.organization_id == organization_id, c.iccid == state.iccid)
    return (await connection.execute(query)).one()


def mark_after(keys: Keys, state: Any) -> str:
    """The cursor behind this SIM: what `with_keys` gives, or a row with `fields_of` these keys."""
    names = [str(getattr(column, "key", "")) for column, _ in keys]
    return mark(keys, SimpleNamespace(**dict(zip(names, values_at(keys, state), strict=True))))


def values_at(keys: Keys, state: Any) -> list[Any]:
    """The values that this SIM is ordered by."""
    return [_value(str(getattr(column, "key", "")), state) for column, _ in keys]


def _value(name: str, state: Any) -> Any:
    if name.startswith(CUSTOM):
        return state.custom_fields.get(name.removeprefix(CUSTOM))
    return BETWEEN_TAGS.join(state.tags) or None if name == "tags" else getattr(state, name)
