"""Pages of long lists, each with the list's total in one prepared statement."""

from collections.abc import Callable, Collection
from functools import lru_cache, partial
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from console.store.counting import MOST_COUNTED, Total
from console.store.direct_reads import DirectReads, Question
from console.store.keyset import Cursor, Keys, name_of, values_of

ORGANIZATION = sa.bindparam("organization_id", type_=sa.Integer)
KNOWN, COUNTED = "known", "counted"  # beside the columns of a row


class DirectPage(Struct, frozen=True):
    """Rows as asyncpg's Records; the cursor behind them, None on the last page; and how long the whole list is."""

    rows: list[Any]
    next_cursor: str | None
    total: Total


class PagedRows:
    """A list of rows of one table in one order. Which of them is decided by the names that a page is asked with."""

    def __init__(
        self,
        columns: "Collection[sa.Column[Any]]",
        order: Keys,
        where: "Callable[[Collection[str]], list[sa.ColumnElement[bool]]]",
        known: "Callable[[Collection[str]], sa.ColumnElement[bool]]",
    ) -> None:
        """`where` and `known` get the names that are given, and make conditions of `sa.bindparam`s with these.

        `known`: whether there is such a list at all. All fields of the order descend, and none is ever NULL.
        """
        self._columns = columns
        self._order = order
        self._where = where
        self._known = known
        self._question = lru_cache(maxsize=64)(self._made)

    async def page(
        self, direct: DirectReads, *, limit: int, offset: int, cursor: Cursor | None, exact: bool, **given: Any
    ) -> DirectPage | None:
        """A page; None if there is no such list. Raises BadRequest for another list's cursor.

        Unless it must be `exact`, the total looks at no more than MOST_COUNTED rows and one.
        """
        behind = values_of(self._order, cursor) if cursor is not None else {}
        question = self._question(tuple(sorted(given)), limit, behind=bool(behind), passed=bool(offset), exact=exact)
        rows = await direct.rows(
            question, offset=offset, **given, **{f"after_{name}": of for name, of in behind.items()}
        )
        if not rows[0][KNOWN]:
            return None
        counted = int(rows[0][COUNTED])
        total = Total(counted) if exact or counted <= MOST_COUNTED else Total(MOST_COUNTED, exact=False)
        if rows[0][2] is None:
            return DirectPage([], None, total)
        if len(rows) <= limit:
            return DirectPage(rows, None, total)
        last = Cursor(name_of(self._order), [rows[limit - 1][str(column.key)] for column, _ in self._order])
        return DirectPage(rows[:limit], last.text(), total)

    def _made(self, names: tuple[str, ...], limit: int, *, behind: bool, passed: bool, exact: bool) -> Question:
        """The numbers stand in the text: without them the planner would take the page for a tenth of the table."""
        return Question(partial(self._select, names, limit, behind=behind, passed=passed, exact=exact))

    def _select(
        self, names: Collection[str], limit: int, *, behind: bool, passed: bool, exact: bool
    ) -> "sa.Select[Any]":
        order = [column for column, _ in self._order]
        mine = sa.select(*order, *(one for one in self._columns if one not in set(order))).where(*self._where(names))
        every: sa.Select[Any] = mine.with_only_columns(sa.literal_column("1").label("one"), maintain_column_froms=True)
        if not exact:
            every = every.limit(_number(MOST_COUNTED + 1))
        if behind:
            bounds = [sa.bindparam(f"after_{column.key}", type_=column.type) for column in order]
            mine = mine.where(order[0] <= bounds[0], sa.tuple_(*order) < sa.tuple_(*bounds))
        mine = mine.order_by(*(column.desc() for column in order)).limit(_number(limit + 1))
        found = (mine.offset(sa.bindparam("offset", type_=sa.BigInteger)) if passed else mine).subquery("found")
        counted = sa.select(
            self._known(names).label(KNOWN),
            sa.select(sa.func.count()).select_from(every.subquery("every")).scalar_subquery().label(COUNTED),
        ).subquery("counted")
        query = sa.select(*counted.c, *found.c).select_from(counted.outerjoin(found, sa.true()))
        return query.order_by(*(found.c[str(column.key)].desc() for column in order))


def _number(number: int) -> "sa.ColumnElement[int]":
    return sa.literal_column(str(number), sa.BigInteger)
