"""What is stored of alerts, and of what has not been judged yet."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from console.store.metadata import metadata, moment

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("rule_id", sa.Integer, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # an AlertState
    sa.Column("key", sa.Text, nullable=False),  # of a rule at most one open alert has it: see the migration
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("iccid", sa.Text),
    sa.Column("operator", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("sims", sa.Integer, nullable=False, server_default="0"),
    sa.Column("sims_total", sa.Integer, nullable=False, server_default="0"),
    moment("started_at", nullable=False),
    moment("fired_at"),
    moment("recovering_at"),
    moment("resolved_at"),
    sa.Column("resolved_by", sa.Text),
    moment("cannot_judge_since"),
    moment("acknowledged_at"),
    sa.Column("acknowledged_by", sa.Text),
    moment("acknowledged_until"),
    sa.Column("note", sa.Text),
    sa.Column("ticket", sa.Text),
    sa.Column("assigned_to", sa.Text),
    sa.Column("hidden_by", sa.Text),  # "silence:4", "window:2"
    sa.Column("change", sa.Text, nullable=False),  # an AlertChange
    moment("changed_at", nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),
    sa.UniqueConstraint("organization_id", "id"),
    sa.ForeignKeyConstraint(["organization_id", "rule_id"], ["alert_rules.organization_id", "alert_rules.id"]),
)

# For what an alert's condition holds or has held: SIMs by ICCID, else "job:sync_sims", "streamer:usage", ...
alert_subjects = sa.Table(
    "alert_subjects",
    metadata,
    sa.Column("alert_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("organization_id", sa.Integer, nullable=False),
    sa.Column("rule_id", sa.Integer, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False, server_default="true"),  # until the alert is resolved
    sa.Column("holds", sa.Boolean, nullable=False, server_default="true"),
    moment("since", nullable=False),
    moment("ended_at"),
    sa.Column("value", sa.Text),  # what was found: "4 MB left"
    sa.ForeignKeyConstraint(
        ["organization_id", "alert_id"], ["alerts.organization_id", "alerts.id"], ondelete="CASCADE"
    ),
)

alert_history = sa.Table(
    "alert_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.Integer, nullable=False),
    sa.Column("alert_id", sa.BigInteger, nullable=False),
    moment("at", nullable=False),
    sa.Column("change", sa.Text, nullable=False),  # an AlertChange
    sa.Column("by", sa.Text),  # None: the console itself
    sa.Column("text", sa.Text),
    sa.ForeignKeyConstraint(
        ["organization_id", "alert_id"], ["alerts.organization_id", "alerts.id"], ondelete="CASCADE"
    ),
)

# To whom an alert was sent while nobody acknowledged it, and when the next person gets it.
escalations = sa.Table(
    "escalations",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("alert_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("begun", sa.Integer, nullable=False, server_default="1"),  # rises each time that it begins anew
    sa.Column("sent_to", ARRAY(sa.Text), nullable=False, server_default="{}"),  # names, since it began
    moment("next_at"),  # null: it has ended
    sa.ForeignKeyConstraint(
        ["organization_id", "alert_id"], ["alerts.organization_id", "alerts.id"], ondelete="CASCADE"
    ),
)

# Changes of SIMs that no rule has judged yet, with what they were before. A trigger of `sims` writes them with the
# change itself, and they are deleted by the transaction that has judged them: none is forgotten.
unjudged_changes = sa.Table(
    "unjudged_changes",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.Integer, nullable=False),
    sa.Column("iccid", sa.Text, nullable=False),
    moment("changed_at", nullable=False),
    sa.Column("was_status", sa.Text),
    sa.Column("was_imei", sa.Text),
    sa.Column("was_connection", sa.Text),
    sa.Column("was_operator", sa.Text),
    sa.Column("was_country", sa.Text),
)

# SIMs that were on a network and are on none now, and which network that was.
departures = sa.Table(
    "departures",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("iccid", sa.Text, primary_key=True),
    sa.Column("operator", sa.Text, nullable=False),  # empty: not known
    sa.Column("country", sa.Text, nullable=False),
    moment("left_at", nullable=False),
)

# SIMs that are registered on a network without a data session, and since when.
sessionless_sims = sa.Table(
    "sessionless_sims",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("iccid", sa.Text, primary_key=True),
    moment("since", nullable=False),
)

alert_judging = sa.Table(
    "alert_judging",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("ready_made", sa.Integer, nullable=False),  # the version of the ready-made set that it was given
    moment("judged_at"),
    moment("fleet_judged_at"),  # by the rules that time alone makes true
)
