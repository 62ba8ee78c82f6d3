"""What is stored of organizations."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

organizations = sa.Table(
    "organizations",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("slug", sa.Text, nullable=False, unique=True),  # the word in addresses: /streamer/<slug>
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("once_base_url", sa.Text, nullable=False),
    sa.Column("once_client_id", sa.Text),
    sa.Column("once_client_secret_sealed", sa.LargeBinary),
    moment("once_secret_set_at"),
    sa.Column("once_requests_per_second", sa.Float, nullable=False, server_default="10"),
    sa.Column("streamer_username", sa.Text),
    sa.Column("streamer_password_sealed", sa.LargeBinary),
    moment("streamer_password_set_at"),
    sa.Column("forwarder_generation", sa.Integer, nullable=False, server_default="1"),  # see forwarding.py
    # What a top-up costs, where 1NCE's price list does not say it: net.
    sa.Column("top_up_price_minor", sa.BigInteger),
    sa.Column("top_up_currency", sa.Text),
    moment("second_factor_from"),  # since when members need a second factor; null: they may have one
    moment("created_at", nullable=False),
)

# What an organization has changed of its flags; others are what they are by default.
flags = sa.Table(
    "flags",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("on", sa.Boolean, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("changed_by", sa.Text, nullable=False),
    moment("changed_at", nullable=False),
)

# The last trial of an organization's credentials at 1NCE, which a worker makes.
credential_checks = sa.Table(
    "credential_checks",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    moment("requested_at", nullable=False),
    moment("checked_at"),
    sa.Column("accepted", sa.Boolean),
    sa.Column("found", sa.Text),
)

# The role that members of a group of the identity provider have in an organization.
group_roles = sa.Table(
    "group_roles",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False, index=True),  # as the provider writes it
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    moment("created_at", nullable=False),
    sa.UniqueConstraint("organization_id", "name"),
)
