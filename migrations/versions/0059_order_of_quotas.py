"""Where each data quota stands in the list of quotas, and how many stand in each of its bands: the fleet is not read.

Rows without a rank, or too few of them, are what a version before this one has left: readers see that by the counts.
"""

from alembic import op

revision = "0059"
down_revision = "0058"

BANDS = """
    CASE rank WHEN -2 THEN 'exhausted' WHEN -1 THEN 'expired' WHEN 4000000000 THEN 'unmeasured'
              WHEN 5000000000 THEN 'unmeasured'
              ELSE CASE WHEN rank < 86400 THEN '1' WHEN rank < 259200 THEN '3' WHEN rank < 604800 THEN '7'
                        WHEN rank < 1209600 THEN '14' WHEN rank < 2592000 THEN '30' WHEN rank < 7776000 THEN '90'
                        WHEN rank < 31536000 THEN '365' WHEN rank < 4000000000 THEN 'later' END END"""
LEFT = f"organization_id, {BANDS}, measured_on, NULL::timestamptz"
EXPIRES = "organization_id, NULL::text, NULL::date, date_trunc('hour', expires_at, 'UTC')"
COLUMNS = "organization_id, band, measured_on, expires_in"


def upgrade() -> None:
    """Ranked and counted by what is there; nobody changes a quota between that and the triggers."""
    op.execute("LOCK TABLE quotas, quota_forecasts, sim_days_left IN SHARE ROW EXCLUSIVE MODE")
    op.execute("ALTER TABLE sim_days_left ALTER COLUMN seconds DROP NOT NULL, ADD COLUMN rank bigint")
    op.execute("""
        INSERT INTO sim_days_left (organization_id, iccid)
        SELECT organization_id, iccid FROM quotas WHERE service = 'data' ON CONFLICT DO NOTHING""")
    op.execute("""
        UPDATE sim_days_left d
        SET rank = CASE WHEN d.measured_on IS NOT NULL THEN d.seconds WHEN q.status = 'expired' THEN -1
                        WHEN q.status = 'exhausted' OR q."left" <= 0 THEN -2
                        WHEN q."left"::numeric * 100 < q.total::numeric * 20 THEN 4000000000 ELSE 5000000000 END
        FROM quotas q
        WHERE (q.organization_id, q.iccid, q.service) = (d.organization_id, d.iccid, 'data')""")
    op.execute("CREATE INDEX sim_days_left_rank_idx ON sim_days_left (organization_id, rank, iccid)")
    op.execute(
        "CREATE INDEX quotas_expires_at_idx ON quotas (organization_id, expires_at, iccid) WHERE service = 'data'"
    )
    _rank()
    op.execute("""
        CREATE TABLE quota_counts (
            organization_id integer NOT NULL,
            band text,
            measured_on date,
            expires_in timestamptz,
            sims bigint NOT NULL
        )""")
    op.execute("CREATE INDEX quota_counts_organization_id_idx ON quota_counts (organization_id)")
    op.execute(f"INSERT INTO quota_counts SELECT {LEFT}, count(*) FROM sim_days_left GROUP BY 1, 2, 3, 4")
    op.execute(
        f"INSERT INTO quota_counts SELECT {EXPIRES}, count(*) FROM quotas WHERE {_expiring()} GROUP BY 1, 2, 3, 4"
    )
    _count("sim_days_left", LEFT, "true")
    _count("quotas", EXPIRES, _expiring())


def _expiring() -> str:
    return "service = 'data' AND expires_at IS NOT NULL AND status IS DISTINCT FROM 'expired'"


def _rank() -> None:
    """A version before this one writes no rank: it follows from a forecast; else it is not known."""
    op.execute("""
        CREATE FUNCTION rank_days_left() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.measured_on IS NOT NULL THEN
                NEW.rank := NEW.seconds;
            ELSIF NEW.rank BETWEEN 0 AND 3999999999 THEN
                NEW.rank := NULL;
            END IF;
            RETURN NEW;
        END $$""")
    op.execute(
        "CREATE TRIGGER rank_days_left BEFORE INSERT OR UPDATE ON sim_days_left"
        " FOR EACH ROW EXECUTE FUNCTION rank_days_left()"
    )


def _count(table: str, kind: str, where: str) -> None:
    gone, come = (f"SELECT {kind}, {n} FROM {rows} WHERE {where}" for rows, n in (("earlier", -1), ("later", 1)))
    _keep(table, "inserted", "INSERT", "NEW TABLE AS later", come)
    _keep(table, "deleted", "DELETE", "OLD TABLE AS earlier", gone)
    _keep(table, "updated", "UPDATE", "OLD TABLE AS earlier NEW TABLE AS later", f"{gone} UNION ALL {come}")


def _keep(table: str, name: str, event: str, tables: str, changed: str) -> None:
    op.execute(f"""
        CREATE FUNCTION count_{name}_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO quota_counts ({COLUMNS}, sims)
            SELECT {COLUMNS}, sum(n) FROM ({changed}) AS changed ({COLUMNS}, n)
            GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0;
            RETURN NULL;
        END $$""")
    op.execute(
        f"CREATE TRIGGER count_{name}_{table} AFTER {event} ON {table} REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION count_{name}_{table}()"
    )
