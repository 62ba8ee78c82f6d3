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
