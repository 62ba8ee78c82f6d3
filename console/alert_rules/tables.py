"""What is stored of alert rules."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from console.store.metadata import metadata, moment

alert_rules = sa.Table(
    "alert_rules",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # a RuleKind
    sa.Column("parameters", JSONB, nullable=False),  # of the kind: {"percent": 10}
    sa.Column("filter", sa.Text, nullable=False, server_default=""),  # of SIMs, as an address has it; empty: all
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("for_seconds", sa.Integer, nullable=False, server_default="0"),
    sa.Column("keep_firing_seconds", sa.Integer, nullable=False, server_default="0"),
    sa.Column("enabled", sa.Boolean, nullable=False, server_default="true"),
    sa.Column("ready_made", sa.Text),  # its name in the ready-made set; None: made by a person
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("judged_revision", sa.Integer, nullable=False, server_default="0"),  # behind: the whole fleet is judged
    moment("changed_at", nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    moment("deleted_at"),
    sa.UniqueConstraint("organization_id", "id"),
)
