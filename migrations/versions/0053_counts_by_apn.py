"""SIMs counted by their APN too."""

from alembic import op

revision = "0053"
down_revision = "0052"

KINDS = "connection, status, quota, missing_walks >= 2, operator, country, rat, apn"
COLUMNS = "organization_id, connection, status, quota, missing, operator, country, rat, apn"


def upgrade() -> None:
    """Counted anew from the SIMs that are there; nobody changes one between that and the new triggers."""
    op.execute("LOCK TABLE sims IN SHARE ROW EXCLUSIVE MODE")
    op.execute("ALTER TABLE fleet_counts ADD COLUMN apn text")
    op.execute("DELETE FROM fleet_counts")
    op.execute(
        f"INSERT INTO fleet_counts ({COLUMNS}, sims)"
        f" SELECT organization_id, {KINDS}, count(*) FROM sims GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
    )
    gone = f"SELECT organization_id, {KINDS}, -1 FROM earlier"
    come = f"SELECT organization_id, {KINDS}, 1 FROM later"
    _count("inserted", come)
    _count("deleted", gone)
    _count("updated", f"{gone} UNION ALL {come}")


def _count(name: str, changed: str) -> None:
    op.execute(f"""
        CREATE OR REPLACE FUNCTION count_{name}_sims() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO fleet_counts ({COLUMNS}, sims)
            SELECT {COLUMNS}, sum(n) FROM ({changed}) AS changed ({COLUMNS}, n)
            GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(n) <> 0;
            RETURN NULL;
        END $$""")
