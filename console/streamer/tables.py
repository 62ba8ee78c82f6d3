"""What is stored of the Data Streamer's health."""

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
