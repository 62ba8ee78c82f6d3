"""What is stored of 1NCE's posts, and of records in them that can't be taken in."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

# A post of the Data Streamer or the SMS Forwarder, kept as it came until a job has taken it in.
streamer_posts = sa.Table(
    "streamer_posts",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    moment("received_at", nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("source", sa.Text, nullable=False, server_default="streamer"),  # a Source: "streamer", "forwarder"
    sa.Column("failure", sa.Text),  # why it could not be taken in; kept to be looked at
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),  # begun; also those that killed the worker
    moment("claimed_until"),  # an attempt has begun: nobody else makes one before
    sa.Column("last_error", sa.Text),  # of an attempt that ended with one
)

# Records of a shape that is not known: kept and counted, never dropped.
unknown_records = sa.Table(
    "unknown_records",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("organization_id", sa.Integer, nullable=False),
    moment("received_at", nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),  # so that a record sent twice is kept once
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("why", sa.Text),  # what is wrong with it
    sa.UniqueConstraint("organization_id", "digest"),
)
