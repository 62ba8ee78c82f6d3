"""IMSI and MSISDN by their last digits, or whole: what the palette looks for first, without searching texts."""

from alembic import op

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    """From the last digit to the first, as the index of printed ICCIDs has them."""
    for name in ("imsi", "msisdn"):
        op.execute(f"CREATE INDEX sims_{name}_end_idx ON sims (organization_id, reverse({name}) text_pattern_ops)")
