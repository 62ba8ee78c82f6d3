"""Forecasts of use with their intervals, what was found before a forecast, and how often earlier intervals held."""

from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    """Until the forecasts are made, the mean of what was measured stands for them."""
    op.execute("""
        ALTER TABLE quota_forecasts
            ADD COLUMN daily_bytes bigint,
            ADD COLUMN low_daily_bytes bigint,
            ADD COLUMN high_daily_bytes bigint,
            ADD COLUMN found text,
            ADD COLUMN since date""")
    op.execute("UPDATE quota_forecasts SET daily_bytes = greatest(1, used_bytes / days)")
    op.execute("""
        CREATE TABLE forecast_quality (
            organization_id integer NOT NULL CONSTRAINT forecast_quality_pkey PRIMARY KEY
                CONSTRAINT forecast_quality_organization_id_fkey REFERENCES organizations (id),
            held bigint NOT NULL,
            compared bigint NOT NULL,
            measured_on date NOT NULL
        )""")
