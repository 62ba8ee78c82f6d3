"""SIMs by the last digits of their numbers, or by a whole number: looked up in indexes, so no text is searched."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.sims.filters import begins, iccid_in, printed_end
from console.sims.identifiers import ICCIDS_BEGIN, LEAST_PRINTED, may_be_printed_end
from console.sims.reads import states_of
from console.sims.search import Search
from console.sims.tables import is_watched, sims, words


async def ending_with(
    connection: AsyncConnection, organization_id: int, asked: Search, *, masked: bool, limit: int
) -> list[SimState]:
    """The SIMs whose ICCID, as it is stored or printed, IMSI or MSISDN ends with the digits that are looked for.

    Empty where anything else is looked for, or if there is none: then a search says more. `masked`: no SIM is found by
    its IMSI or MSISDN.
    """
    ends = _ends(asked)
    if not ends:
        return []
    ways = [sa.select(words.c.iccid).where(*_mine(words, organization_id), sa.or_(*_iccid_ends(ends)))]
    if not masked:
        numbers = (sims.c.imsi, sims.c.msisdn)
        ways += [
            sa.select(sims.c.iccid).where(
                *_mine(sims, organization_id), sa.or_(*(_ends_with(one, end) for end in ends))
            )
            for one in numbers
        ]
    listed = sa.union(*ways).subquery("ending")
    query = sa.select(listed.c.iccid).order_by(listed.c.iccid).limit(limit)
    return await states_of(connection, organization_id, (), query)


def _ends(asked: Search) -> tuple[str, ...]:
    if len(asked.words) == 1 and not asked.identifiers:
        (word,) = asked.words
        is_end = word.isascii() and word.isdigit() and not word.startswith(ICCIDS_BEGIN)
        return (word,) if is_end and len(word) >= LEAST_PRINTED else ()
    if len(asked.identifiers) == 1 and not asked.words and asked.identifiers[0].iccid is None:
        return tuple(value for value in asked.identifiers[0].values if value.isdigit())
    return ()


def _mine(table: sa.Table, organization_id: int) -> "list[sa.ColumnElement[bool]]":
    return [table.c.organization_id == organization_id, is_watched(table)]


def _iccid_ends(ends: tuple[str, ...]) -> "list[sa.ColumnElement[bool]]":
    found = [_ends_with(iccid_in(words.c.search), end) for end in ends]
    return [*found, *(printed_end(sa.literal(end), words.c.search) for end in ends if may_be_printed_end(end))]


def _ends_with(number: "sa.ColumnElement[Any]", end: str) -> "sa.ColumnElement[bool]":
    return begins(sa.func.reverse(number), sa.literal(end[::-1]))
