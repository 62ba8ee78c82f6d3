"""What is stored of bulk actions: the action that is the same for all, and a row for each SIM of the frozen list."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from console.store.metadata import metadata, moment

bulk_actions = sa.Table(
    "bulk_actions",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("parameters", JSONB, nullable=False),
    sa.Column("selection", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("caller", sa.Text, nullable=False),  # the caller's handle: whose idempotency key it is
    sa.Column("idempotency_key", sa.Text, nullable=False),
    sa.Column("asked_digest", sa.Text, nullable=False),  # of the request: another one with the same key is refused
    sa.Column("requested_by", sa.Text, nullable=False),
    moment("requested_at", nullable=False),
    moment("changed_at", nullable=False),
    moment("begun_at"),  # when somebody let it begin; None: only planned
    moment("undo_until"),
    moment("expires_at", nullable=False),  # of what has not begun
    sa.Column("canary", sa.Integer, nullable=False, server_default="0"),
    moment("canary_passed_at"),  # the rest may follow
    sa.Column("stop_percent", sa.Integer, nullable=False),
    sa.Column("price_minor", sa.BigInteger),
    sa.Column("currency", sa.Text),
    sa.Column("retry_of", sa.BigInteger),
    sa.Column("message", sa.Text),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),
    sa.UniqueConstraint("organization_id", "id"),
    sa.ForeignKeyConstraint(["organization_id", "retry_of"], ["bulk_actions.organization_id", "bulk_actions.id"]),
)

bulk_items = sa.Table(
    "bulk_items",
    metadata,
    sa.Column("bulk_action_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),  # the order in which they are started
    sa.Column("organization_id", sa.Integer, nullable=False),
    sa.Column("iccid", sa.Text, nullable=False),  # or what was written, where no SIM was found
    sa.Column("excluded", sa.Text),  # why the plan leaves it out
    sa.Column("was", sa.Text),  # the SIM's state when the list was frozen
    sa.Column("action_id", sa.BigInteger),
    sa.Column("refusal", sa.Text),  # why no action was made of it when its time came
    sa.Column("retried_in", sa.BigInteger),  # the bulk action that tries it again; its plan may be gone
    sa.ForeignKeyConstraint(
        ["organization_id", "bulk_action_id"], ["bulk_actions.organization_id", "bulk_actions.id"], ondelete="CASCADE"
    ),
    sa.ForeignKeyConstraint(["organization_id", "action_id"], ["actions.organization_id", "actions.id"]),
)
