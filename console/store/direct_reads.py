"""The questions that are asked most, sent to PostgreSQL as prepared statements, without SQLAlchemy between.

A question is written in SQLAlchemy like any other and turned into text once, as the application is made. Each is one
statement, so it sees one state of the database: the latest committed one. Sent through the engine it costs four times
the processor time.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any
from weakref import WeakSet

import asyncpg  # type: ignore[import-untyped]
import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncEngine

from console import metrics
from console.store.sqlstates import sqlstate

CONNECTIONS = 4  # beside those of the engine; one process can't keep more of them busy
GONE = (asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError, OSError)
SHUTDOWN = "57P"  # SQLSTATE: the server ends the connection
OF_SQLALCHEMY = ("prepared_statement_cache_size", "prepared_statement_name_func", "async_creator_fn", "async_fallback")


_questions: "WeakSet[Question]" = WeakSet()


class Question:
    """A SELECT whose text is made once. Its `sa.bindparam`s are given by name each time."""

    def __init__(self, make: "Callable[[], sa.SelectBase]", *, by_values: bool = False) -> None:
        """`make`: the SELECT. It may hold no parameter that stands for a list within IN: its text depends on that.

        `by_values`: planned anew for the values of each time, as searches must be.
        """
        self._make = make
        self.by_values = by_values
        _questions.add(self)

    @cached_property
    def _compiled(self) -> tuple[str, Sequence[str], dict[str, Any]]:
        compiled = self._make().compile(dialect=dialect())  # type: ignore[no-untyped-call]
        if "[POSTCOMPILE" in str(compiled):
            raise ValueError("A prepared statement takes lists as arrays: its text can't depend on how long they are")
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return str(compiled), compiled.positiontup or (), fixed

    def write(self) -> None:
        """Make the text now."""
        _ = self._compiled

    def asked(self, given: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """The text, and the values of its `$1`, `$2` …; KeyError for one that is not given."""
        text, names, fixed = self._compiled
        return text, [given[name] if name in given else fixed[name] for name in names]


class Revisions(Question):
    """How often rows have changed: id and revision of those of `organization_id` among `ids`."""

    def __init__(self, table: sa.Table) -> None:
        c = table.c

        def made() -> "sa.Select[Any]":
            mine = c.organization_id == sa.bindparam("organization_id", type_=sa.Integer)
            wanted = sa.bindparam("ids", type_=sa.ARRAY(c.id.type))
            return sa.select(c.id, c.revision).where(mine, c.id == sa.func.any(wanted))

        super().__init__(made)


def write_texts() -> None:
    """Write all questions that there are by now. The first text alone takes 200 ms, in which nobody would be served."""
    for question in [*_questions]:
        question.write()


class DirectReads:
    """A few connections that are opened when needed and kept, each for one statement at a time."""

    def __init__(self, engine: AsyncEngine, server_settings: dict[str, str], connections: int = CONNECTIONS) -> None:
        """At the same address as the engine's, with the same settings of the session."""
        _, options = engine.dialect.create_connect_args(engine.url)
        self._options = {name: value for name, value in options.items() if name not in OF_SQLALCHEMY}
        self._settings = server_settings
        self._free: dict[bool, list[Any]] = {False: [], True: []}  # by whether they plan by values
        self._places = asyncio.Semaphore(connections)

    async def rows(self, question: Question, **given: Any) -> list[Any]:
        """The rows, as asyncpg's Records. Asked once more where a kept connection turns out to be closed.

        Raises asyncpg's errors, OSError if the database can't be reached.
        """
        text, arguments = question.asked(given)
        async with self._places:
            metrics.statements.inc()
            free = self._free[question.by_values]
            while free:
                kept = free.pop()
                if kept.is_closed():
                    continue
                try:
                    return await self._asked(kept, free, text, arguments)
                except (*GONE, asyncpg.PostgresError) as error:
                    if not _ends_connection(error):
                        raise
            return await self._asked(await self._connected(by_values=question.by_values), free, text, arguments)

    async def row(self, question: Question, **given: Any) -> Any:
        """The first row, or None."""
        rows = await self.rows(question, **given)
        return rows[0] if rows else None

    async def close(self) -> None:
        """Close the connections; they are opened anew when needed."""
        free, self._free = self._free, {False: [], True: []}
        for one in (*free[False], *free[True]):
            with suppress(*GONE, asyncpg.PostgresError, TimeoutError):
                await one.close(timeout=2)

    async def _asked(self, connection: Any, free: list[Any], text: str, arguments: Sequence[Any]) -> list[Any]:
        usable = False  # a request that is cancelled leaves a statement running
        try:
            rows: list[Any] = await connection.fetch(text, *arguments)
            usable = True
        except asyncpg.PostgresError as error:
            usable = not _ends_connection(error)
            raise
        finally:
            if usable and not connection.is_closed():
                free.append(connection)
            else:
                connection.terminate()
        return rows

    async def _connected(self, *, by_values: bool) -> Any:
        # Where a question's plan does not depend on its values, it is made once for each connection.
        planning = {"plan_cache_mode": "force_custom_plan" if by_values else "force_generic_plan"}
        connection = await asyncpg.connect(**self._options, server_settings=self._settings | planning)
        try:
            for kind in ("json", "jsonb"):
                await connection.set_type_codec(
                    kind, encoder=_json, decoder=msgspec.json.decode, schema="pg_catalog", format="text"
                )
        except BaseException:  # cancelled too: nobody else would close it
            connection.terminate()
            raise
        return connection


def _ends_connection(error: Exception) -> bool:
    """Whether it is the connection that failed, and not the question."""
    if isinstance(error, asyncpg.DataError):  # an argument that the question does not take
        return False
    return isinstance(error, GONE) or sqlstate(error).startswith(SHUTDOWN)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
