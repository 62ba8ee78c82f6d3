"""Each request of a program finds its API key by the hash of it: an index."""

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Few keys are there: nobody waits long."""
    op.execute("ALTER TABLE api_keys ADD CONSTRAINT api_keys_secret_hash_key UNIQUE (secret_hash)")
