"""What is stored of notification channels, deliveries and their attempts."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from console.store.metadata import metadata, moment

notification_channels = sa.Table(
    "notification_channels",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # a ChannelKind
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("target_sealed", sa.LargeBinary),  # an address may hold a secret; null once it was removed
    sa.Column("target_shown", sa.Text, nullable=False),  # what people may see of it
    sa.Column("secret_sealed", sa.LargeBinary),  # signs the posts of a webhook
    moment("secret_set_at"),
    sa.Column("previous_secret_sealed", sa.LargeBinary),  # signs too, until then
    moment("previous_secret_until"),
    sa.Column("least_severity", sa.Text, nullable=False),
    sa.Column("tags", ARRAY(sa.Text), nullable=False, server_default="{}"),  # one of them; none: all alerts
    sa.Column("hours", JSONB),  # an Hours; null: always
    sa.Column("digest", sa.Boolean, nullable=False, server_default="false"),  # what waited for its hours, as one
    sa.Column("send_resolved", sa.Boolean, nullable=False, server_default="true"),
    sa.Column("by_route", sa.Boolean, nullable=False, server_default="true"),  # else only what names the channel
    sa.Column("enabled", sa.Boolean, nullable=False, server_default="true"),
    sa.Column("disabled_reason", sa.Text),
    sa.Column("created_by", sa.Text, nullable=False),
    moment("created_at", nullable=False),
    moment("changed_at", nullable=False),
    moment("removed_at"),
    sa.UniqueConstraint("organization_id", "id"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("channel_id", sa.Integer, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),  # the same at each attempt
    sa.Column("deduplication_key", sa.Text, nullable=False),  # one notification a channel
    sa.Column("severity", sa.Integer, nullable=False),  # a number, the most urgent highest
    sa.Column("notification", JSONB, nullable=False),  # a Notification
    sa.Column("subject", sa.Text),  # the alert
    sa.Column("state", sa.Text, nullable=False),  # a DeliveryState
    moment("requested_at", nullable=False),
    moment("due_at", nullable=False),
    sa.Column("claim", sa.Integer, nullable=False, server_default="0"),  # rises with each; an older one writes nothing
    moment("claimed_until"),
    moment("sending_at"),  # noted before the first byte of the present attempt
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),  # since it was asked for, or asked again
    sa.Column("may_repeat", sa.Boolean, nullable=False, server_default="false"),  # an attempt may have arrived
    moment("ended_at"),
    sa.Column("message", sa.Text),  # what the last attempt ended with
    sa.UniqueConstraint("organization_id", "channel_id", "deduplication_key"),
    sa.UniqueConstraint("organization_id", "id"),
    sa.ForeignKeyConstraint(
        ["organization_id", "channel_id"], ["notification_channels.organization_id", "notification_channels.id"]
    ),
)

delivery_attempts = sa.Table(
    "delivery_attempts",
    metadata,
    sa.Column("delivery_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("claim", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("organization_id", sa.Integer, nullable=False),
    moment("began_at", nullable=False),
    moment("ended_at"),
    sa.Column("outcome", sa.Text),  # an AttemptOutcome; null: under way
    sa.Column("status", sa.Integer),  # of HTTP, or of SMTP
    sa.Column("answer", sa.Text),  # what was answered, or went wrong
    sa.Column("may_repeat", sa.Boolean, nullable=False),
    sa.ForeignKeyConstraint(
        ["organization_id", "delivery_id"], ["deliveries.organization_id", "deliveries.id"], ondelete="CASCADE"
    ),
)

# Of organizations that have changed something.
on_call = sa.Table(
    "on_call",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("rota", JSONB),  # a Rota; null: nobody is on call
    sa.Column("rota_revision", sa.Integer, nullable=False, server_default="0"),  # rises by one with each rota
    sa.Column("priorities", JSONB),  # of PrioritySetting; null: the usual ones
)

on_call_overrides = sa.Table(
    "on_call_overrides",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("day", sa.Date, primary_key=True),  # from its hour of handing over on, in the rota's zone
    sa.Column("name", sa.Text, nullable=False),  # of somebody in the rota
    sa.Column("set_by", sa.Text, nullable=False),
)
