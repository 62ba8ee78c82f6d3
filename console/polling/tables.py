"""When each SIM last had its turn to be asked about."""

import sqlalchemy as sa

from console.sims.tables import key_columns
from console.store.metadata import metadata

NEVER = "epoch"


def _turn(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text(f"'{NEVER}'"))


# Not when 1NCE answered, which is in `sim_checks`: a SIM without an answer has had its turn as well, and goes behind
# the others. The database gives each new SIM its row. Pushes don't touch it: its indexes cost them nothing.
turns = sa.Table(
    "sim_turns",
    metadata,
    *key_columns(),
    *(_turn(name) for name in ("status_at", "events_at", "data_quota_at", "sms_quota_at", "sms_at")),
)
