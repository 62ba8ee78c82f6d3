"""What is stored of the Data Streamer's health."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

# One row for each kind of record that 1NCE has ever pushed to an organization.
stream_health = sa.Table(
    "stream_health",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),  # "event" or "usage"
    moment("last_post_at", nullable=False),  # to ten seconds
    moment("missed_since"),  # the first thing since that post which polling has found and the stream has not brought
    sa.Column("found", sa.Integer, nullable=False, server_default="0"),  # how many such things
    sa.Column("state", sa.Text, nullable=False),  # as it was last told
)
