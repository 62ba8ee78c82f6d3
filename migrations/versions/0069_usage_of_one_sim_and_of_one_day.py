"""Usage of one SIM by hour from the index alone, and of one hour or day without the others: once many hours are kept.

Hours are written in the order of time, so those of one SIM lie on as many pages; the index has them side by side. Where
the sums are continuous aggregates, these have indexes of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"

COVERING = "usage_hourly_covering_idx"
INDEXES = {
    "usage_daily_bucket_idx": "INDEX CONCURRENTLY {name} ON usage_daily (bucket)",
    "usage_hourly_bucket_idx": "INDEX CONCURRENTLY {name} ON usage_hourly (bucket)",
    COVERING: "UNIQUE INDEX CONCURRENTLY {name} ON usage_hourly (organization_id, iccid, bucket)"
    " INCLUDE (data_bytes, derived_bytes, sms)",
}


def upgrade() -> None:
    """Made beside those who read and write; the key is exchanged in a moment, for one with the same columns."""
    if _ask("SELECT relkind::text FROM pg_class WHERE oid = 'usage_hourly'::regclass") == "v":
        return
    with op.get_context().autocommit_block(), _patient():
        for name, statement in INDEXES.items():
            _make(name, statement.format(name=name))
    # An index answers alone only for pages that a VACUUM has seen: each half per cent of new rows, not each fifth.
    op.execute(
        "ALTER TABLE usage_hourly"
        " SET (autovacuum_vacuum_insert_threshold = 10000, autovacuum_vacuum_insert_scale_factor = 0.005)"
    )
    op.execute(
        "ALTER TABLE usage_hourly DROP CONSTRAINT usage_hourly_pkey,"
        f" ADD CONSTRAINT usage_hourly_pkey PRIMARY KEY USING INDEX {COVERING}"
    )


def _ask(sql: str) -> object:
    return op.get_bind().execute(sa.text(sql)).scalar()


@contextmanager
def _patient() -> Iterator[None]:
    """Whoever makes an index so waits for the transactions of others, and nobody waits for it."""
    before = _ask("SHOW lock_timeout")
    op.execute("SET lock_timeout = 0")
    try:
        yield
    finally:
        op.execute(f"SET lock_timeout = '{before}'")


def _make(name: str, statement: str) -> None:
    """Unless an attempt before has made it. One that was cut off has left an index that is not valid."""
    valid = _ask(f"SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('{name}')")
    if valid is False:
        op.execute(f"DROP INDEX CONCURRENTLY {name}")
    if not valid:
        op.execute(f"CREATE {statement}")
