"""What is stored of quotas: the present one of each SIM and service, with the books of what was used of it."""

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

# What 1NCE's quota says was used against what our usage records add up to, since the first look. Data only.
quota_books = sa.Table(
    "quota_books",
    metadata,
    *key_columns(),
    moment("opened_at", nullable=False),
    sa.Column("used_at_opening", sa.BigInteger, nullable=False),  # accumulated - left, at the first look
    sa.Column("used", sa.BigInteger, nullable=False),  # accumulated - left, at the last look
    moment("looked_at", nullable=False),
    sa.Column("recorded", sa.BigInteger, nullable=False),  # sum of usage records since the opening
    # The part of it that we derived although 1NCE's stream should have brought it:
    sa.Column("missing", sa.BigInteger, nullable=False, server_default="0"),
    # `used` at the last look that is so long ago that its records should be here, and at the one that will be it next:
    sa.Column("settled_used", sa.BigInteger, nullable=False),
    sa.Column("waiting_used", sa.BigInteger, nullable=False),
    moment("waiting_at", nullable=False),
    moment("differs_since"),  # since when quota and streamed records differ by more than rounding and delay
)
