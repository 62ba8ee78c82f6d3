"""What is stored of sessions. Of each id only a hash."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column(
        "id_hash", sa.LargeBinary, primary_key=True
    ),  # SHA-256 of the cookie's value, or of the newest refresh token
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),  # to name it in a list
    sa.Column("kind", sa.Text, nullable=False, server_default="browser"),  # a SessionKind
    sa.Column("second_factor", sa.Boolean, nullable=False, server_default="false"),  # whether one has been proved
    sa.Column("user_id", sa.Integer, nullable=False),
    sa.Column("organization_id", sa.Integer, nullable=False),  # the one that its user is in now
    moment("created_at", nullable=False),
    moment("seen_at", nullable=False),
    moment("proved_at", nullable=False),  # when its user last gave the password or a second factor
    moment("expires_at", nullable=False),
    sa.Column("address", sa.Text, nullable=False, server_default=""),  # where its last deed came from
    sa.Column("agent", sa.Text, nullable=False, server_default=""),  # User-Agent of the sign-in
    sa.Column("issuer", sa.Text),  # the identity provider that it began at; none of a password
    sa.Column("provider_session", sa.Text),  # what the provider calls its own session
    sa.ForeignKeyConstraint(
        ["organization_id", "user_id"], ["members.organization_id", "members.user_id"], ondelete="CASCADE"
    ),
    sa.Index(None, "user_id", "organization_id"),
)
