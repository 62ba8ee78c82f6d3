"""What is stored of messages, each as it is now, for a year where 1NCE keeps seven days; and templates of texts."""

import sqlalchemy as sa

from console.sims.tables import key_columns
from console.store.metadata import metadata, moment

# Column by column as states.Sms has them.
sms = sa.Table(
    "sms",
    metadata,
    *key_columns(),
    sa.Column("direction", sa.Text, primary_key=True),  # "mt" to the device, "mo" from it: each has ids of its own
    sa.Column("id", sa.Text, primary_key=True),  # 1NCE's
    sa.Column("other_id", sa.Text),
    moment("time", nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("payload", sa.Text),
    sa.Column("source_address", sa.Text),
    sa.Column("dest_address", sa.Text),
    sa.Column("dcs", sa.Integer),
    sa.Column("udh", sa.Text),
    sa.Column("part_of", sa.Text),
    sa.Column("part", sa.Integer),
    sa.Column("parts", sa.Integer),
    moment("submitted_at"),
    moment("final_at"),
    moment("expires_at"),
    sa.Column("source", sa.Text, nullable=False),
)

sms_templates = sa.Table(
    "sms_templates",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    moment("changed_at", nullable=False),
)
