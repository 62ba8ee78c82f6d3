"""Poll slots, the Data Streamer's health, and the reconciliation of quotas with usage records."""

from alembic import op

revision = "0007"
down_revision = "0006"

TURNS = ("status_at", "events_at", "data_quota_at", "sms_quota_at", "sms_at")


def upgrade() -> None:
    """Make them; where there are SIMs already, each one's slot is from when 1NCE last answered."""
    _turns()
    _health()
    _reconciliation()


def _turns() -> None:
    columns = ", ".join(f"{name} timestamptz NOT NULL DEFAULT 'epoch'" for name in TURNS)
    # Each turn moves a row to the end of its index and leaves a dead one at the front: they are soon to be cleared.
    op.execute(f"""
        CREATE TABLE sim_turns (
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            {columns},
            CONSTRAINT sim_turns_pkey PRIMARY KEY (organization_id, iccid)
        ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500)""")
    before = ", ".join(f"coalesce(c.{name}, 'epoch')" for name in TURNS)
    op.execute(f"""
        INSERT INTO sim_turns (organization_id, iccid, {", ".join(TURNS)})
        SELECT s.organization_id, s.iccid, {before}
        FROM sims s LEFT JOIN sim_checks c ON (c.organization_id, c.iccid) = (s.organization_id, s.iccid)""")
    for name in TURNS:
        op.execute(f"CREATE INDEX sim_turns_{name}_idx ON sim_turns (organization_id, {name})")
    # Whoever adds a SIM, a walk or a push: it gets its turn.
    op.execute("""
        CREATE FUNCTION give_turns() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO sim_turns (organization_id, iccid)
            SELECT organization_id, iccid FROM added ON CONFLICT (organization_id, iccid) DO NOTHING;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE TRIGGER give_turns AFTER INSERT ON sims REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION give_turns()""")


def _health() -> None:
    op.execute("""
        CREATE TABLE stream_health (
            organization_id integer NOT NULL
                CONSTRAINT stream_health_organization_id_fkey REFERENCES organizations (id),
            kind text NOT NULL,
            last_post_at timestamptz NOT NULL,
            missed_since timestamptz,
            found integer NOT NULL DEFAULT 0,
            state text NOT NULL,
            CONSTRAINT stream_health_pkey PRIMARY KEY (organization_id, kind)
        )""")


def _reconciliation() -> None:
    op.execute("""
        ALTER TABLE quota_books
            ADD COLUMN missing bigint NOT NULL DEFAULT 0,
            ADD COLUMN settled_used bigint,
            ADD COLUMN waiting_used bigint,
            ADD COLUMN waiting_at timestamptz,
            ADD COLUMN differs_since timestamptz""")
    op.execute("UPDATE quota_books SET settled_used = used, waiting_used = used, waiting_at = looked_at")
    op.execute("""
        ALTER TABLE quota_books
            ALTER settled_used SET NOT NULL, ALTER waiting_used SET NOT NULL, ALTER waiting_at SET NOT NULL""")
    op.execute(
        "CREATE INDEX quota_books_differs_idx ON quota_books (organization_id, iccid) WHERE differs_since IS NOT NULL"
    )
