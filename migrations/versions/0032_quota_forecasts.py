"""What each SIM used in its last whole days, by which the end of its data quota is estimated."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """A new table: nothing waits. `forecast_quotas` fills it."""
    op.execute("""
        CREATE TABLE quota_forecasts (
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            used_bytes bigint NOT NULL,
            days smallint NOT NULL,
            measured_on date NOT NULL,
            CONSTRAINT quota_forecasts_pkey PRIMARY KEY (organization_id, iccid)
        )""")
