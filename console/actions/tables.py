"""What is stored of actions. PostgreSQL alone knows what was asked for and sent: Redis only wakes."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from console.store.metadata import metadata, moment

actions = sa.Table(
    "actions",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("iccid", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("parameters", JSONB, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("caller", sa.Text, nullable=False),  # the caller's handle: whose idempotency key it is
    sa.Column("idempotency_key", sa.Text, nullable=False),
    sa.Column("requested_by", sa.Text, nullable=False),
    sa.Column("bulk_action_id", sa.BigInteger),  # the bulk action that it is part of
    moment("requested_at", nullable=False),
    moment("approved_at"),  # by a second person: from then on it counts in budgets
    moment("changed_at", nullable=False),
    moment("undo_until"),
    moment("expires_at", nullable=False),
    # Of the sending:
    sa.Column(
        "fence", sa.BigInteger, nullable=False, server_default="0"
    ),  # rises with each claim: an older one is void
    moment("claimed_at"),
    moment("due_at"),  # when it is sent, or its effect looked for; None: nobody does anything by himself
    moment("sent_at"),  # committed before the first byte of the request is written
    sa.Column("sent_by_fence", sa.BigInteger),  # the claim that wrote it: its answer counts even when it comes late
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("parts_sent", sa.Integer, nullable=False, server_default="0"),  # of a message: requests written
    sa.Column("noted_volume_bytes", sa.BigInteger),  # the quota's accumulated volume just before a top-up was sent
    # Of the outcome:
    sa.Column("order_number", sa.Text),
    sa.Column("ticket_id", sa.Text),
    sa.Column("sms_ids", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("unpaid_said_by", sa.Text),  # who says that a bank transfer was not paid, until 1NCE has been asked
    sa.Column("unpaid_reason", sa.Text),
    sa.Column("price_minor", sa.BigInteger),
    sa.Column("currency", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("request", sa.Text),
    sa.Column("answer", sa.Text),
    sa.Column("steps", JSONB, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),
    sa.UniqueConstraint("organization_id", "id"),
    sa.ForeignKeyConstraint(["organization_id", "bulk_action_id"], ["bulk_actions.organization_id", "bulk_actions.id"]),
)

budgets = sa.Table(
    "budgets",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("scope", sa.Text, nullable=False),  # a BudgetScope
    sa.Column("subject", sa.Text, nullable=False),  # a caller's handle; empty: each of the scope
    sa.Column("period", sa.Text, nullable=False),  # a BudgetPeriod
    sa.Column("limit_minor", sa.BigInteger),
    sa.Column("currency", sa.Text),
    sa.Column("limit_top_ups", sa.Integer),
)

# What needs a second person's approval; without a row, nothing does.
approval_rules = sa.Table(
    "approval_rules",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("above_sims", sa.Integer),
    sa.Column("above_minor", sa.BigInteger),  # of the net price, in minor units
    sa.Column("both_above_minor", sa.BigInteger),  # above it an engineer and an administrator approve
    sa.Column("changed_by", sa.Text, nullable=False),
    moment("changed_at", nullable=False),
)

# An action or a bulk action that a second person must approve. Whether it still waits is what its own state says.
approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("action_id", sa.BigInteger),
    sa.Column("bulk_action_id", sa.BigInteger),
    sa.Column("why", sa.Text, nullable=False),  # it needs approval
    sa.Column("reason", sa.Text, nullable=False),  # the requester's
    sa.Column("caller", sa.Text, nullable=False),  # the requester's handle
    sa.Column("person", sa.Text, nullable=False),  # the user who asked, or who made the key that asked
    sa.Column("requested_by", sa.Text, nullable=False),
    moment("requested_at", nullable=False),
    moment("expires_at", nullable=False),
    sa.Column("roles", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),  # that must all approve; none: anyone
    sa.Column("given", JSONB, nullable=False, server_default="[]"),  # of these, each an ApprovalGiven
    sa.Column("was", sa.Text),  # a single SIM's state when it was asked for; of a bulk action its rows have it
    sa.Column("decision", sa.Text),
    sa.Column("decided_by", sa.Text),
    moment("decided_at"),
    sa.Column("decision_reason", sa.Text),
    sa.ForeignKeyConstraint(["organization_id", "action_id"], ["actions.organization_id", "actions.id"]),
    sa.ForeignKeyConstraint(["organization_id", "bulk_action_id"], ["bulk_actions.organization_id", "bulk_actions.id"]),
)

# By which the console tops SIMs up by itself. One that is on acts as whoever changed it last may.
auto_top_ups = sa.Table(
    "auto_top_ups",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("tag", sa.Text, nullable=False, server_default=""),  # empty: all watched SIMs
    sa.Column("below_bytes", sa.BigInteger),
    sa.Column("below_days", sa.Integer),
    sa.Column("payment_method", sa.Text, nullable=False),
    sa.Column("most_per_day", sa.Integer, nullable=False),
    sa.Column("is_on", sa.Boolean, nullable=False, server_default="false"),
    sa.Column("caller", sa.Text, nullable=False),  # the handle of whoever changed it last
    sa.Column("changed_by", sa.Text, nullable=False),
    moment("changed_at", nullable=False),
    moment("checked_at"),
    sa.Column("message", sa.Text),  # why it did nothing then
)
