"""What is stored of the network's view of SIMs, over time."""

import sqlalchemy as sa

from console.sims.tables import key_columns
from console.store.metadata import metadata

# Each change of a SIM's place on the network. Kept for six months.
status_history = sa.Table(
    "status_history",
    metadata,
    *key_columns(),
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("connection", sa.Text),
    sa.Column("operator", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("rat", sa.Text),
    sa.Column("apn", sa.Text),
    sa.Column("cell", sa.Text),
    sa.Column("source", sa.Text, nullable=False),  # "poll" or "streamer"
)

# Network events as 1NCE wrote them, each once, whether posted or polled. Kept for a year.
network_events = sa.Table(
    "network_events",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True),
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("id", sa.BigInteger, primary_key=True),  # 1NCE's
    sa.Column("iccid", sa.Text),  # None: about the account
    sa.Column("type", sa.Integer),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("operator", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("cause", sa.Text),
    sa.Column("sent", sa.Text),  # the detail, as 1NCE sent it: JSON, or text that is almost JSON
)

# How many SIMs were where, sampled each minute for the moving chart. Kept for six months.
fleet_samples = sa.Table(
    "fleet_samples",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True),
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True),
    *(sa.Column(name, sa.Integer, nullable=False) for name in ("online", "attached", "offline", "blocked", "unknown")),
    sa.Column("exhausted", sa.Integer),  # SIMs whose quota is exhausted; None in samples from before it was counted
)

# The same by operator and country, for what the present is compared with. Kept for a day.
operator_samples = sa.Table(
    "operator_samples",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True),
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("operator", sa.Text, primary_key=True),  # empty: 1NCE has not said
    sa.Column("country", sa.Text, primary_key=True),  # empty: 1NCE has not said
    sa.Column("sims", sa.Integer, nullable=False),
    sa.Column("online", sa.Integer, nullable=False),
)

# The same by RAT and by tag. Kept for a day.
group_samples = sa.Table(
    "group_samples",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),  # "rat" or "tag"
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),  # empty: 1NCE has not said
    sa.Column("sims", sa.Integer, nullable=False),
    sa.Column("online", sa.Integer, nullable=False),
)
