"""When each SIM was last polled is kept in `poll_slots`, by the trade's name for it."""

from alembic import op

revision = "0011"
down_revision = "0010"

KINDS = ("status_at", "events_at", "data_quota_at", "sms_quota_at", "sms_at")


def upgrade() -> None:
    """Rename; no row is rewritten. The new SIMs' rows are added by a function of the new name."""
    op.execute("ALTER TABLE sim_turns RENAME TO poll_slots")
    op.execute("ALTER TABLE poll_slots RENAME CONSTRAINT sim_turns_pkey TO poll_slots_pkey")
    for name in KINDS:
        op.execute(f"ALTER INDEX sim_turns_{name}_idx RENAME TO poll_slots_{name}_idx")
    op.execute("DROP TRIGGER give_turns ON sims")
    op.execute("DROP FUNCTION give_turns()")
    op.execute("""
        CREATE FUNCTION add_poll_slots() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO poll_slots (organization_id, iccid)
            SELECT organization_id, iccid FROM added ON CONFLICT (organization_id, iccid) DO NOTHING;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE TRIGGER add_poll_slots AFTER INSERT ON sims REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION add_poll_slots()""")
    op.execute("ALTER TRIGGER keep_sim_words_told ON sims RENAME TO keep_changed_sim_words")
    op.execute("ALTER INDEX job_requests_given_idx RENAME TO job_requests_handed_over_idx")
