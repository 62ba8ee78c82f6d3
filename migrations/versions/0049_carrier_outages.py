"""When 1NCE did not answer, and indexes for what is marked on the fleet's chart."""

from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """An outage that goes on is taken over; earlier ones are not known."""
    op.execute("""
        CREATE TABLE carrier_outages (
            organization_id integer NOT NULL,
            since timestamptz NOT NULL,
            until timestamptz,
            CONSTRAINT carrier_outages_pkey PRIMARY KEY (organization_id, since)
        )""")
    op.execute("""
        INSERT INTO carrier_outages (organization_id, since)
        SELECT organization_id, since FROM carrier_circuits
        WHERE state IN ('open', 'half_open') AND since IS NOT NULL""")
    op.execute("""
        CREATE FUNCTION keep_carrier_outages() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.state IN ('open', 'half_open') THEN
                INSERT INTO carrier_outages (organization_id, since)
                SELECT NEW.organization_id, coalesce(NEW.since, now()) WHERE NOT EXISTS (
                    SELECT 1 FROM carrier_outages WHERE organization_id = NEW.organization_id AND until IS NULL)
                ON CONFLICT DO NOTHING;
            ELSE
                UPDATE carrier_outages SET until = greatest(since, coalesce(NEW.since, now()))
                WHERE organization_id = NEW.organization_id AND until IS NULL;
            END IF;
            RETURN NULL;
        END $$""")
    op.execute(
        "CREATE TRIGGER keep_carrier_outages AFTER INSERT OR UPDATE OF state ON carrier_circuits"
        " FOR EACH ROW EXECUTE FUNCTION keep_carrier_outages()"
    )
    op.execute("CREATE INDEX alerts_fired_idx ON alerts (organization_id, fired_at)")
    op.execute("CREATE INDEX actions_requested_idx ON actions (organization_id, requested_at)")
