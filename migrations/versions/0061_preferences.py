"""How each user wants the console shown, beside the time zone."""

from alembic import op

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    """Nobody has chosen anything yet."""
    op.execute("""
        ALTER TABLE users
            ADD COLUMN week_start text CHECK (length(week_start) BETWEEN 1 AND 16),
            ADD COLUMN number_format text CHECK (length(number_format) BETWEEN 1 AND 16),
            ADD COLUMN density text CHECK (length(density) BETWEEN 1 AND 16),
            ADD COLUMN sim_columns text CHECK (length(sim_columns) BETWEEN 1 AND 400),
            ADD COLUMN start_page text CHECK (length(start_page) BETWEEN 1 AND 64)""")
