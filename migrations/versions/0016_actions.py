"""Actions: what operators and programs ask 1NCE to do, each with its idempotency key and its states.

Two indexes hold what must never happen, whatever the code does: one key makes one action, and of one SIM one top-up at
a time is under way.
"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """A new table: nothing waits."""
    op.execute("""
        CREATE TABLE actions (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT actions_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT actions_organization_id_fkey REFERENCES organizations (id),
            iccid text NOT NULL,
            kind text NOT NULL,
            state text NOT NULL,
            parameters jsonb NOT NULL,
            reason text,
            caller text NOT NULL,
            idempotency_key text NOT NULL,
            requested_by text NOT NULL,
            requested_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            undo_until timestamptz,
            expires_at timestamptz NOT NULL,
            fence bigint NOT NULL DEFAULT 0,
            claimed_at timestamptz,
            due_at timestamptz,
            sent_at timestamptz,
            sent_by_fence bigint,
            attempts integer NOT NULL DEFAULT 0,
            parts_sent integer NOT NULL DEFAULT 0,
            noted_volume_bytes bigint,
            order_number text,
            sms_ids text[] NOT NULL DEFAULT '{}',
            price_minor bigint,
            currency text,
            message text,
            request text,
            answer text,
            steps jsonb NOT NULL,
            revision bigint NOT NULL DEFAULT 1,
            CONSTRAINT actions_organization_id_caller_idempotency_key_key
                UNIQUE (organization_id, caller, idempotency_key)
        )""")
    op.execute("""
        CREATE UNIQUE INDEX actions_one_open_top_up_idx ON actions (organization_id, iccid)
        WHERE kind = 'topup' AND state IN ('awaiting_approval', 'held', 'queued', 'sending', 'accepted', 'unknown')""")
    op.execute("CREATE INDEX actions_list_idx ON actions (organization_id, id DESC)")
    op.execute("CREATE INDEX actions_sim_idx ON actions (organization_id, iccid, id DESC)")
    op.execute("""
        CREATE INDEX actions_open_idx ON actions (organization_id, due_at)
        WHERE state IN ('awaiting_approval', 'held', 'queued', 'sending', 'accepted', 'unknown')""")
