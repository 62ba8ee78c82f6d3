"""What is stored of usage: each record once, and sums by hour, day and minute that the database keeps itself."""

import sqlalchemy as sa

from console.sims.tables import key_columns
from console.store.metadata import metadata, moment

# One usage record. Kept for two years.
usage_records = sa.Table(
    "usage_records",
    metadata,
    *key_columns(),
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True),  # the end of what the record covers
    sa.Column("source", sa.Text, primary_key=True),  # a Source: "streamer", or "derived" (of the quota)
    sa.Column("record_id", sa.BigInteger, primary_key=True),
    moment("started_at", nullable=False),
    sa.Column("data_bytes", sa.BigInteger, nullable=False),
    sa.Column("sent_bytes", sa.BigInteger),  # by the device
    sa.Column("received_bytes", sa.BigInteger),
    sa.Column("sms", sa.Integer, nullable=False),
    sa.Column("operator", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("rat", sa.Text),
)


# Hours of which a record came too late for the sums: where these are continuous aggregates, until they are refreshed.
usage_late_hours = sa.Table(
    "usage_late_hours", metadata, *key_columns(), sa.Column("hour", sa.DateTime(timezone=True), primary_key=True)
)

# Records of the Data Streamer with one time only. In the key of `usage_records` they differ from the same with both.
usage_incomplete = sa.Table(
    "usage_incomplete",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True),
    sa.Column("record_id", sa.BigInteger, primary_key=True),
    sa.Column("iccid", sa.Text, primary_key=True),
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True),
)


def _sums(name: str, *key: "sa.Column[str]") -> sa.Table:
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column("organization_id", sa.Integer),
        *key,
        sa.Column("bucket", sa.DateTime(timezone=True)),
        sa.Column("data_bytes", sa.BigInteger),
        sa.Column("derived_bytes", sa.BigInteger),  # the part of it that was derived
        sa.Column("sms", sa.BigInteger),
    )


# Continuous aggregates where TimescaleDB's licence allows them, else tables that a trigger keeps: the same columns.
usage_hourly = _sums("usage_hourly", sa.Column("iccid", sa.Text))
usage_daily = _sums("usage_daily", sa.Column("iccid", sa.Text))
fleet_usage_minutely = _sums("fleet_usage_minutely")
