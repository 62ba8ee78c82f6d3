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
    sa.Column("week_start", sa.Text),  # this and the next four: see console/organizations/preferences.py
    sa.Column("number_format", sa.Text),
    sa.Column("density", sa.Text),
    sa.Column("sim_columns", sa.Text),
    sa.Column("start_page", sa.Text),
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

# A user's authenticator application. It counts once its first code has been given.
second_factors = sa.Table(
    "second_factors",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
    sa.Column("last_step", sa.BigInteger, nullable=False, server_default="0"),  # of the last code that was accepted
    moment("created_at", nullable=False),
    moment("confirmed_at"),
)

# Of each recovery code that has not been used, a hash.
recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("code_hash", sa.LargeBinary, primary_key=True),
)

# Of each passkey the public key: the private one never leaves the authenticator.
passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("user_handle", sa.LargeBinary, nullable=False),  # what authenticators know the user by; random
    sa.Column("public_key", sa.LargeBinary, nullable=False),  # COSE (RFC 9052)
    sa.Column("uses", sa.BigInteger, nullable=False),  # the authenticator's own count; it may always say 0
    sa.Column("host", sa.Text, nullable=False),  # where it was made: it works there alone
    sa.Column("name", sa.Text, nullable=False),
    moment("created_at", nullable=False),
    moment("last_used_at"),
)
