"""Replacements by the SIM that takes the place: which SIMs it has replaced, and whether one is under way."""

from alembic import op

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    """As the list of a SIM's actions has them: the latest first."""
    op.execute("""
        CREATE INDEX actions_replacing_idx ON actions (organization_id, (parameters ->> 'by'), id DESC)
        WHERE kind = 'replace'""")
