"""What is stored of second factors. Secrets are sealed; of recovery codes only a hash is kept."""

import sqlalchemy as sa

from console.store.metadata import metadata, moment

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
