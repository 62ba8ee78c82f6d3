"""What is stored of users. Of each password only a hash."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from console.store.metadata import metadata, moment

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),  # what is typed at sign-in, in lower case
    sa.Column("password_hash", sa.Text),  # argon2id; none of who signs in by the identity provider alone
    sa.Column("mail_address", sa.Text),  # where links for a new password and approvals are mailed
    sa.Column("zone", sa.Text),  # of the IANA database, or "local"; times are in UTC without one
    moment("created_at", nullable=False),
    moment("disabled_at"),
    moment("last_sign_in_at"),
)

# Who a user is at an identity provider: known by issuer and subject together, never by a name or a mail address.
identities = sa.Table(
    "identities",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("groups", ARRAY(sa.Text), nullable=False, server_default="{}"),  # at their last sign-in
    moment("created_at", nullable=False),
    moment("signed_in_at", nullable=False),
)
