"""What is stored of daily reports."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from console.store.metadata import metadata, moment

# A report is kept as it was made: its figures are never computed again.
daily_reports = sa.Table(
    "daily_reports",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("day", sa.Date, primary_key=True),  # UTC
    moment("made_at", nullable=False),
    sa.Column("content", JSONB, nullable=False),  # a DailyReport
)

# Of organizations that have changed something; others have HOUR and no channel.
report_settings = sa.Table(
    "report_settings",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("hour", sa.Integer, nullable=False),  # UTC, from which on the report of the day before is made
)

# The notification channels that get the report.
report_channels = sa.Table(
    "report_channels",
    metadata,
    sa.Column("channel_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False, index=True),
    sa.ForeignKeyConstraint(
        ["organization_id", "channel_id"], ["notification_channels.organization_id", "notification_channels.id"]
    ),
)

# An address that is posted to each minute while alerts are judged: whoever watches it finds that they are not.
outgoing_heartbeats = sa.Table(
    "outgoing_heartbeats",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("url_sealed", sa.LargeBinary, nullable=False),  # it holds a secret
    sa.Column("url_shown", sa.Text, nullable=False),
    sa.Column("set_by", sa.Text, nullable=False),
    moment("set_at", nullable=False),
    moment("tried_at"),
    moment("taken_at"),  # when the receiver last took one
    sa.Column("message", sa.Text),  # what the last attempt ended with; null: it was taken
)

# When shifts end, and who gets the handover then; of organizations that have said so.
handover_settings = sa.Table(
    "handover_settings",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("setting", JSONB, nullable=False),  # a HandoverSettings
    moment("next_at"),  # when the shift that runs now ends; null: nothing is sent by itself
)
