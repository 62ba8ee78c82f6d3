"""How often each SIM is in contact, which are registered without a session, and an index of messages not arrived."""

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Who is registered without a session now counts from now: since when it was is not known for all."""
    op.execute("""
        CREATE TABLE sim_rhythms (
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            usual_gap_seconds integer NOT NULL,
            longest_gap_seconds integer NOT NULL,
            gaps integer NOT NULL,
            measured_at timestamptz NOT NULL,
            CONSTRAINT sim_rhythms_pkey PRIMARY KEY (organization_id, iccid)
        )""")
    op.execute("""
        CREATE TABLE sessionless_sims (
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            since timestamptz NOT NULL,
            CONSTRAINT sessionless_sims_pkey PRIMARY KEY (organization_id, iccid)
        )""")
    op.execute("""
        INSERT INTO sessionless_sims (organization_id, iccid, since)
        SELECT organization_id, iccid, now() FROM sims WHERE connection = 'attached'""")
    op.execute("""
        CREATE INDEX sms_not_arrived_idx ON sms (organization_id, time)
        WHERE direction = 'mt' AND status IN ('failed', 'expired')""")
