"""Several questions as one statement: a page waits for the database once, and all answers are of one moment."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.store.direct_reads import Question


class Asked(Struct, frozen=True):
    """One of the questions: its SELECT, with parameters that are named, and the Struct that each row becomes."""

    query: "sa.Select[Any]"
    row: type[Any]


class Together:
    """Questions that are always asked together. Each is answered as JSON, which is read into Structs at once."""

    def __init__(self, parts: "Callable[[], Mapping[str, Asked]]") -> None:
        """`parts`: by the name of its answer. Rows keep the order of their SELECT; an interval must be a number."""
        self.parts = parts
        self._question = Question(self._joined)

    @cached_property
    def _decoders(self) -> dict[str, msgspec.json.Decoder[list[Any]]]:
        return {name: msgspec.json.Decoder(list.__class_getitem__(one.row)) for name, one in self.parts().items()}

    async def ask(self, connection: AsyncConnection, **given: Any) -> dict[str, list[Any]]:
        """The rows of each, by its name."""
        text, values = self._question.asked(given)
        found = (await connection.exec_driver_sql(text, tuple(values))).one()
        answers = zip(self._decoders.items(), found, strict=True)
        return {name: decoder.decode(answer) if answer else [] for (name, decoder), answer in answers}

    def _joined(self) -> "sa.Select[Any]":
        answers: Any = [_json(one.query).label(name) for name, one in self.parts().items()]
        return sa.select(*answers)


def _json(query: "sa.Select[Any]") -> "sa.ScalarSelect[str]":
    rows = query.subquery("rows")
    listed = sa.func.json_agg(sa.func.row_to_json(rows.table_valued()))
    return sa.select(sa.cast(listed, sa.Text)).select_from(rows).scalar_subquery()
