"""What is stored of the Data Streamer: its health, its posts, and records in them that can't be taken in."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

# One row for each kind of record that 1NCE has ever posted for an organization.
streamer_health = sa.Table(
    "streamer_health",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),  # "event" or "usage"
    moment("first_post_at", nullable=False),
    moment("last_post_at", nullable=False),  # to ten seconds
    moment("missed_since"),  # the first record since that post which polling has found and no post brought
    sa.Column("found", sa.Integer, nullable=False, server_default="0"),  # how many such records
    sa.Column("state", sa.Text, nullable=False),  # as it was last published
    moment("since", nullable=False),  # when that state began: of a silence, the last post before it
    sa.Column("gaps", sa.ARRAY(sa.Double), nullable=False, server_default="{}"),  # console/streamer/intervals.py
    sa.Column("gap_count", sa.Integer, nullable=False, server_default="0"),
)

# Times in which posts should have come and did not: what was used in them is not known.
streamer_silences = sa.Table(
    "streamer_silences",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("since", sa.DateTime(timezone=True), primary_key=True),  # the last post before it
    moment("until"),  # the first post after it; None: it goes on
)

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
