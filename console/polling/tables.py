"""When each SIM was last polled, by kind of poll."""

import sqlalchemy as sa

from console.sims.tables import key_columns
from console.store.metadata import metadata

NEVER = "epoch"


def _turn(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text(f"'{NEVER}'"))


# Not when 1NCE answered, which is in `sim_checks`: a SIM whose poll got no answer goes to the end of the queue too.
# A trigger adds the row of each new SIM. The Data Streamer's records don't touch this table or its indexes.
slots = sa.Table(
    "poll_slots",
    metadata,
    *key_columns(),
    *(_turn(name) for name in ("status_at", "events_at", "data_quota_at", "sms_quota_at", "sms_at")),
)
