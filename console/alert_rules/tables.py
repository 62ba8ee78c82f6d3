"""What is stored of alert rules, and of what is usual for SIMs."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from console.sims.tables import key_columns
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
    sa.Column("priority", sa.Text),  # a Priority; null: by the severity
    sa.Column("for_seconds", sa.Integer, nullable=False, server_default="0"),
    sa.Column("keep_firing_seconds", sa.Integer, nullable=False, server_default="0"),
    sa.Column("enabled", sa.Boolean, nullable=False, server_default="true"),
    sa.Column("ready_made", sa.Text),  # its name in the ready-made set; None: made by a person
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("judged_revision", sa.Integer, nullable=False, server_default="0"),  # behind: the whole fleet is judged
    sa.Column("judged_priority", sa.Text),  # as `priority`, when it was judged last
    moment("changed_at", nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    moment("deleted_at"),
    sa.UniqueConstraint("organization_id", "id"),
)

# How often a SIM is in contact: the gaps between the hours in which it was, in four weeks. Only where there are enough;
# `measure_rhythms` measures them.
sim_rhythms = sa.Table(
    "sim_rhythms",
    metadata,
    *key_columns(),
    sa.Column("usual_gap_seconds", sa.Integer, nullable=False),  # one in twenty is longer
    sa.Column("longest_gap_seconds", sa.Integer, nullable=False),
    sa.Column("gaps", sa.Integer, nullable=False),
    moment("measured_at", nullable=False),
)
