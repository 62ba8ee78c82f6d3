"""Counts of SIMs by what they have in common, kept by triggers; samples of operators; an index of warnings."""

from alembic import op

revision = "0018"
down_revision = "0016"

KINDS = "connection, status, quota, missing_walks >= 2, operator, country"


def upgrade() -> None:
    """Counted once from the SIMs that are there; from then on each statement that changes SIMs appends what it did."""
    op.execute("""
        CREATE TABLE fleet_counts (
            organization_id integer NOT NULL,
            connection text,
            status text,
            quota text,
            missing boolean NOT NULL,
            operator text,
            country text,
            sims bigint NOT NULL
        )""")
    op.execute("CREATE INDEX fleet_counts_organization_id_idx ON fleet_counts (organization_id)")
    # Nobody changes a SIM between the first count and the triggers that keep it.
    op.execute("LOCK TABLE sims IN SHARE ROW EXCLUSIVE MODE")
    op.execute(
        f"INSERT INTO fleet_counts SELECT organization_id, {KINDS}, count(*) FROM sims GROUP BY 1, 2, 3, 4, 5, 6, 7"
    )
    gone = f"SELECT organization_id, {KINDS}, -1 FROM earlier"
    come = f"SELECT organization_id, {KINDS}, 1 FROM later"
    _keep("inserted", "INSERT", "NEW TABLE AS later", come)
    _keep("deleted", "DELETE", "OLD TABLE AS earlier", gone)
    _keep("updated", "UPDATE", "OLD TABLE AS earlier NEW TABLE AS later", f"{gone} UNION ALL {come}")
    _samples()


def _keep(name: str, event: str, tables: str, changed: str) -> None:
    op.execute(f"""
        CREATE FUNCTION count_{name}_sims() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO fleet_counts
            SELECT changed.organization_id, connection, status, quota, missing, operator, country, sum(n)
            FROM ({changed}) AS changed (organization_id, connection, status, quota, missing, operator, country, n)
            GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0;
            RETURN NULL;
        END $$""")
    op.execute(
        f"CREATE TRIGGER count_{name}_sims AFTER {event} ON sims REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION count_{name}_sims()"
    )


def _samples() -> None:
    op.execute("ALTER TABLE fleet_samples ADD COLUMN exhausted integer")
    op.execute("""
        CREATE TABLE operator_samples (
            organization_id integer NOT NULL,
            time timestamptz NOT NULL,
            operator text NOT NULL,
            country text NOT NULL,
            sims integer NOT NULL,
            online integer NOT NULL,
            CONSTRAINT operator_samples_pkey PRIMARY KEY (organization_id, time, operator, country)
        )""")
    op.execute(
        "CREATE INDEX network_events_notable_idx ON network_events (organization_id, time DESC, id DESC)"
        " WHERE severity <> 'info'"
    )
