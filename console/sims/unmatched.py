"""Which of the identifiers that a search names are no SIM's."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims.filters import escaped, open_to_all, printed_end, texts
from console.sims.identifiers import Identifier, may_be_printed_end
from console.sims.tables import is_watched, sims, words


async def not_found(
    connection: AsyncConnection, organization_id: int, identifiers: Sequence[Identifier], *, masked: bool
) -> list[Identifier]:
    """Those of these identifiers that no SIM has, in their order. `masked`: no SIM is found by its IMSI or MSISDN."""
    keys = [
        {
            "number": number,
            "part": part,
            "expression": expression,
            "iccid": one.iccid,
            "printed": part if may_be_printed_end(part) else None,
        }
        for number, one in enumerate(identifiers)
        for part, expression in (one.parts if one.iccid is None else (("", None),))
    ]
    if not keys:
        return []
    columns: list[sa.ColumnClause[Any]] = [sa.column("number", sa.Integer)]
    columns += [sa.column(name, sa.Text) for name in ("part", "expression", "iccid", "printed")]
    asked = (
        sa.func.unnest(
            sa.bindparam(None, [key["number"] for key in keys], type_=sa.ARRAY(sa.Integer)),
            texts([escaped(str(key["part"])) for key in keys]),
            sa.bindparam(None, [key["expression"] for key in keys], type_=sa.ARRAY(sa.Text)),
            sa.bindparam(None, [key["iccid"] for key in keys], type_=sa.ARRAY(sa.Text)),
            sa.bindparam(None, [key["printed"] for key in keys], type_=sa.ARRAY(sa.Text)),
        )
        .table_valued(*columns, name="asked")
        .render_derived()
    )
    mine = sa.and_(words.c.organization_id == organization_id, is_watched(words))
    exact = sa.select(words.c.iccid).where(mine, words.c.iccid == asked.c.iccid).exists()
    pattern = sa.func.concat("%", sa.func.fold_text(asked.c.part), "%")
    part_of = sa.select(words.c.iccid).where(mine, words.c.search.like(pattern))
    looked: sa.ColumnElement[Any] = words.c.search
    if masked:
        looked = open_to_all(looked, sims.c.imsi, sims.c.msisdn)
        same = sa.and_(sims.c.organization_id == words.c.organization_id, sims.c.iccid == words.c.iccid)
        part_of = part_of.join_from(words, sims, same).where(looked.like(pattern))
    fits = sa.or_(asked.c.expression.is_(None), looked.regexp_match(asked.c.expression))
    part = part_of.where(fits).exists()
    printed = sa.select(words.c.iccid).where(mine, printed_end(asked.c.printed, words.c.search)).exists()
    found_part = sa.or_(part, sa.and_(asked.c.printed.is_not(None), printed))
    query = sa.select(asked.c.number).where(sa.case((asked.c.iccid.is_not(None), exact), else_=found_part)).distinct()
    found = set((await connection.execute(query)).scalars())
    return [one for number, one in enumerate(identifiers) if number not in found]
