"""What is stored of quotas: the present one of each SIM and service, and its reconciliation with usage records."""

import sqlalchemy as sa

from console.sims.tables import key_columns
from console.store.metadata import metadata, moment

quotas = sa.Table(
    "quotas",
    metadata,
    *key_columns(),
    sa.Column("service", sa.Text, primary_key=True),  # "data": amounts in bytes; "sms": amounts in messages
    sa.Column("status", sa.Text),  # "active", "exhausted", "expired"
    sa.Column("left", sa.BigInteger, nullable=False),  # may be negative
    sa.Column("total", sa.BigInteger),  # what was left at the last top-up, plus that top-up
    sa.Column("accumulated", sa.BigInteger),  # the first quota and all top-ups ever
    sa.Column("last_added", sa.BigInteger),
    sa.Column("threshold_percent", sa.SmallInteger),
    moment("expires_at"),
    moment("created_at"),
    moment("changed_at", nullable=False),
)

# How much a SIM is expected to use a day, by its last whole days; only where there are enough. `forecast_quotas` makes
# them.
quota_forecasts = sa.Table(
    "quota_forecasts",
    metadata,
    *key_columns(),
    sa.Column("used_bytes", sa.BigInteger, nullable=False),  # in `days`
    sa.Column("days", sa.SmallInteger, nullable=False),  # that are known, or since a change
    sa.Column("daily_bytes", sa.BigInteger),  # None: it has changed lately, or fallen silent
    sa.Column("low_daily_bytes", sa.BigInteger),  # four of five lie between these; None: not enough is known
    sa.Column("high_daily_bytes", sa.BigInteger),
    sa.Column("found", sa.Text),  # "changed", "silent"
    sa.Column("since", sa.Date),  # the first day of that
    sa.Column("measured_on", sa.Date, nullable=False),
)

# In how many seconds a data quota is empty: 0 if exhausted or expired, None if not known. Kept by `keep_days_left`.
days_left = sa.Table(
    "sim_days_left",
    metadata,
    *key_columns(),
    sa.Column("seconds", sa.BigInteger),
    sa.Column("measured_on", sa.Date),  # the forecast's; None: it is empty, or without one
    sa.Column("rank", sa.BigInteger),  # where it stands in the list of quotas; None: a version before has written it
)

# How many data quotas stand in each band and end within each hour: what each statement adds and takes away, by triggers
# of `sim_days_left` and `quotas`, until `fold_quota_counts` puts them together. A row has a band, or an hour.
quota_counts = sa.Table(
    "quota_counts",
    metadata,
    sa.Column("organization_id", sa.Integer, nullable=False, index=True),
    sa.Column("band", sa.Text),
    sa.Column("measured_on", sa.Date),
    moment("expires_in"),
    sa.Column("sims", sa.BigInteger, nullable=False),  # unwatched ones too
)

# How often the intervals of earlier forecasts have held what was used, over all SIMs of an organization.
forecast_quality = sa.Table(
    "forecast_quality",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("held", sa.BigInteger, nullable=False),
    sa.Column("compared", sa.BigInteger, nullable=False),
    sa.Column("measured_on", sa.Date, nullable=False),
)

# What 1NCE's quota says was used against what our usage records add up to, since the first check. Data only.
quota_reconciliation = sa.Table(
    "quota_reconciliation",
    metadata,
    *key_columns(),
    moment("started_at", nullable=False),
    sa.Column("used_at_start", sa.BigInteger, nullable=False),  # accumulated - left, at the first check
    sa.Column("used", sa.BigInteger, nullable=False),  # accumulated - left, at the last check
    moment("checked_at", nullable=False),
    sa.Column("recorded", sa.BigInteger, nullable=False),  # sum of usage records since the start
    # The part of it that was derived although the Data Streamer should have posted it:
    sa.Column("missing", sa.BigInteger, nullable=False, server_default="0"),
    # `used` at the last check that is so long ago that its records should be here, and at the one that will be it next:
    sa.Column("settled_used", sa.BigInteger, nullable=False),
    sa.Column("waiting_used", sa.BigInteger, nullable=False),
    moment("waiting_at", nullable=False),
    moment("differs_since"),  # since when quota and streamed records differ by more than rounding and delay
)
