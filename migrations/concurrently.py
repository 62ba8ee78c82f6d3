"""Indexes of full tables, made beside those who read and write."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op


def make_indexes(indexes: Mapping[str, str]) -> None:
    """Make these; by their names, what follows CREATE, as `INDEX CONCURRENTLY {name} ON sims (iccid)`.

    What the step has done before is committed. A step that was cut off is taken again: what it had made stays.
    """
    with op.get_context().autocommit_block(), _patient():
        for name, statement in indexes.items():
            _make(name, statement.format(name=name))


def ask(sql: str) -> object:
    """The one value that a query gives."""
    return op.get_bind().execute(sa.text(sql)).scalar()


@contextmanager
def _patient() -> Iterator[None]:
    """Whoever makes an index so waits for the transactions of others, and nobody waits for it."""
    before = ask("SHOW lock_timeout")
    op.execute("SET lock_timeout = 0")
    try:
        yield
    finally:
        op.execute(f"SET lock_timeout = '{before}'")


def _make(name: str, statement: str) -> None:
    """Unless an attempt before has made it. One that was cut off has left an index that is not valid."""
    valid = ask(f"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{name}')")
    if valid is False:
        op.execute(f"DROP INDEX CONCURRENTLY {name}")
    if not valid:
        op.execute(f"CREATE {statement}")
