"""The questions about SIMs that are asked most, as prepared statements: one SIM, a page of the whole fleet, revisions.

Each is one statement, so the total of a page is that of its rows.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import starmap
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.facts.masking import HIDDEN, LEFT_OPEN, MASKED, masked_notes
from console.facts.sims import SimState
from console.http.fields import struct_of
from console.sims.counts_reads import counted_by_kind
from console.sims.reads import STATE_COLUMNS, number
from console.sims.rules import SimFilter
from console.sims.tables import fleet_counts, sim_states, sims, unwatched
from console.store.direct_reads import DirectReads, Question
from console.store.keyset import Cursor

BY_ICCID = "iccid"  # the name of the order
MATCHING, FLEET = "matching", "fleet"  # beside the ICCIDs


class FleetPage(Struct, frozen=True):
    """A page of the fleet by ICCID, and how long the whole list is."""

    items: list[Any]  # with the fields of a SimState, or with those that were asked for
    total: int
    next_cursor: str | None


def _one() -> "sa.Select[Any]":
    c = sim_states.c
    return sa.select(*STATE_COLUMNS).where(c.organization_id == _organization(), c.iccid == _iccid())


ONE = Question(_one)


async def one(direct: DirectReads, organization_id: int, iccid: str) -> Any:
    """A SIM as it is now, with the fields of a SimState; None if there is none."""
    row = await direct.row(ONE, organization_id=organization_id, iccid=iccid)
    return None if row is None else struct_of(SimState.__struct_fields__)(*row)


async def page(
    direct: DirectReads,
    organization_id: int,
    *,
    limit: int,
    after: str | None = None,
    fields: Sequence[str] = (),
    masked: bool = True,
) -> FleetPage:
    """The first SIMs of the fleet that are watched, or those behind this ICCID. With `fields`, no others are read.

    `masked`: IMSI and MSISDN as `facts.masking.masked` shows them; the database does so for a tenth of the time.
    """
    names = tuple(dict.fromkeys([BY_ICCID, *(fields or SimState.__struct_fields__)]))
    question = _page(names, limit + 1, behind=after is not None, masked=masked)
    rows = await direct.rows(question, organization_id=organization_id, iccid=after)
    total = int(rows[0][0])
    items = list(starmap(struct_of(names), (row[1:] for row in rows))) if rows[0][1] is not None else []
    items = [masked_notes(one) for one in items] if masked else items
    if len(items) <= limit:
        return FleetPage(items, total, None)
    del items[limit:]
    return FleetPage(items, total, Cursor(BY_ICCID, [items[-1].iccid]).text())


@lru_cache(maxsize=64)
def _page(names: tuple[str, ...], rows: int, *, behind: bool, masked: bool) -> Question:
    """The number stands in the text: without it the planner would take the list for a tenth of the fleet."""
    return Question(lambda: _of_fleet(names, rows, behind=behind, masked=masked))


def _of_fleet(names: tuple[str, ...], rows: int, *, behind: bool, masked: bool) -> "sa.Select[Any]":
    c = sim_states.c
    chosen = (
        sa.select(c.organization_id, c.iccid).where(c.organization_id == _organization(), c.watched).order_by(c.iccid)
    )
    if behind:
        chosen = chosen.where(c.iccid > _iccid())
    keys = chosen.limit(sa.literal_column(str(rows))).subquery("chosen")
    mine = sa.and_(c.organization_id == keys.c.organization_id, c.iccid == keys.c.iccid)
    hidden = MASKED if masked else ()
    columns = [(_masked(c[name]) if name in hidden else c[name]).label(name) for name in names]
    found = sa.select(*columns).join_from(keys, sim_states, mine).subquery("found")
    total = sa.select(_total().label("total")).subquery("counted")
    query = sa.select(total.c.total, *found.c).select_from(total.outerjoin(found, sa.true()))
    return query.order_by(found.c.iccid)


def _masked(column: "sa.ColumnElement[str]") -> "sa.ColumnElement[str]":
    hidden = sa.literal(HIDDEN, sa.Text) + sa.func.right(column, LEFT_OPEN)
    return sa.case((column != "", hidden), else_=column)


def _revisions() -> "sa.Select[Any]":
    c = sim_states.c
    iccids = sa.bindparam("iccids", type_=sa.ARRAY(sa.Text))
    return sa.select(c.iccid, c.revision).where(c.organization_id == _organization(), c.iccid == sa.func.any(iccids))


REVISIONS = Question(_revisions)


async def revisions_of(direct: DirectReads, organization_id: int, iccids: Sequence[str]) -> dict[str, int]:
    """How often each of these SIMs has changed; unknown ones are left out."""
    rows = await direct.rows(REVISIONS, organization_id=organization_id, iccids=iccids) if iccids else ()
    return {row["iccid"]: row["revision"] for row in rows}


class Listed(Struct, frozen=True):
    """What a list says of itself."""

    revisions: dict[str, int]  # of its rows
    total: int  # SIMs that match
    fleet: int  # SIMs that are watched


async def listed(direct: DirectReads, organization_id: int, wanted: SimFilter, iccids: Sequence[str]) -> Listed:
    """Of a list with these rows, as of one moment."""
    rows = await direct.rows(_list(wanted), organization_id=organization_id, iccids=iccids)
    found = {row[0]: row[1] for row in rows}
    return Listed(total=found.pop(MATCHING), fleet=found.pop(FLEET), revisions=found)


@lru_cache(maxsize=256)
def _list(wanted: SimFilter) -> Question:
    def made() -> sa.SelectBase:
        matching = number(_organization(), wanted) if wanted.active else _total()
        totals = ((MATCHING, sa.cast(matching, sa.BigInteger)), (FLEET, _total()))
        return sa.union_all(_revisions(), *(sa.select(sa.literal(name, sa.Text), total) for name, total in totals))

    return Question(made, by_values=counted_by_kind(0, wanted) is None)


def _total() -> "sa.ColumnElement[int]":
    """How many SIMs are watched: those that the database has counted, without those that are not watched."""
    f, u, s = fleet_counts.c, unwatched.c, sims.c
    known = sa.select(sa.func.coalesce(sa.func.sum(f.sims), 0)).where(f.organization_id == _organization())
    left_out = (
        sa.select(sa.func.count())
        .select_from(unwatched)
        .join(sims, sa.and_(s.organization_id == u.organization_id, s.iccid == u.iccid))
        .where(u.organization_id == _organization())
    )
    return sa.cast(known.scalar_subquery() - left_out.scalar_subquery(), sa.BigInteger)


def _organization() -> "sa.BindParameter[int]":
    return sa.bindparam("organization_id", type_=sa.Integer)


def _iccid() -> "sa.BindParameter[str]":
    return sa.bindparam("iccid", type_=sa.Text)
