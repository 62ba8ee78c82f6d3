"""Bulk actions: one action for many SIMs, a frozen list of them, and which action was made for each; approvals.

No two rows of a list are the same SIM, and an action belongs to one row, whatever the code does.
"""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """New tables, and a column of `actions` that is empty: nothing waits for long."""
    op.execute("""
        CREATE TABLE bulk_actions (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT bulk_actions_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT bulk_actions_organization_id_fkey REFERENCES organizations (id),
            kind text NOT NULL,
            state text NOT NULL,
            parameters jsonb NOT NULL,
            selection text NOT NULL,
            reason text,
            caller text NOT NULL,
            idempotency_key text NOT NULL,
            asked_digest text NOT NULL,
            requested_by text NOT NULL,
            requested_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            begun_at timestamptz,
            undo_until timestamptz,
            expires_at timestamptz NOT NULL,
            canary integer NOT NULL DEFAULT 0,
            canary_passed_at timestamptz,
            stop_percent integer NOT NULL,
            price_minor bigint,
            currency text,
            retry_of bigint,
            message text,
            revision bigint NOT NULL DEFAULT 1,
            CONSTRAINT bulk_actions_organization_id_caller_idempotency_key_key
                UNIQUE (organization_id, caller, idempotency_key)
        )""")
    op.execute("CREATE INDEX bulk_actions_list_idx ON bulk_actions (organization_id, id DESC)")
    op.execute("""
        CREATE INDEX bulk_actions_open_idx ON bulk_actions (organization_id, id)
        WHERE state IN ('planned', 'awaiting_approval', 'held', 'running', 'paused')""")
    op.execute("""
        CREATE TABLE bulk_items (
            bulk_action_id bigint NOT NULL
                CONSTRAINT bulk_items_bulk_action_id_fkey REFERENCES bulk_actions (id) ON DELETE CASCADE,
            place integer NOT NULL,
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            excluded text,
            was text,
            action_id bigint CONSTRAINT bulk_items_action_id_fkey REFERENCES actions (id),
            refusal text,
            retried_in bigint,
            CONSTRAINT bulk_items_pkey PRIMARY KEY (bulk_action_id, place)
        )""")
    op.execute("CREATE UNIQUE INDEX bulk_items_sim_idx ON bulk_items (bulk_action_id, iccid)")
    op.execute("CREATE UNIQUE INDEX bulk_items_action_idx ON bulk_items (action_id) WHERE action_id IS NOT NULL")
    op.execute("""
        CREATE INDEX bulk_items_not_started_idx ON bulk_items (bulk_action_id, place)
        WHERE action_id IS NULL AND excluded IS NULL AND refusal IS NULL""")
    op.execute("ALTER TABLE actions ADD COLUMN bulk_action_id bigint")
    op.execute("""
        CREATE INDEX actions_bulk_action_idx ON actions (bulk_action_id, state)
        WHERE bulk_action_id IS NOT NULL""")
    op.execute("""
        CREATE TABLE approval_rules (
            organization_id integer NOT NULL CONSTRAINT approval_rules_pkey PRIMARY KEY
                CONSTRAINT approval_rules_organization_id_fkey REFERENCES organizations (id),
            above_sims integer,
            above_minor bigint,
            changed_by text NOT NULL,
            changed_at timestamptz NOT NULL
        )""")
    op.execute("""
        CREATE TABLE approvals (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT approvals_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT approvals_organization_id_fkey REFERENCES organizations (id),
            action_id bigint CONSTRAINT approvals_action_id_fkey REFERENCES actions (id),
            bulk_action_id bigint CONSTRAINT approvals_bulk_action_id_fkey REFERENCES bulk_actions (id),
            why text NOT NULL,
            reason text NOT NULL,
            caller text NOT NULL,
            person text NOT NULL,
            requested_by text NOT NULL,
            requested_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            was text,
            decision text,
            decided_by text,
            decided_at timestamptz,
            decision_reason text,
            CONSTRAINT approvals_one_subject_check CHECK (num_nonnulls(action_id, bulk_action_id) = 1)
        )""")
    op.execute("CREATE INDEX approvals_list_idx ON approvals (organization_id, id DESC)")
    op.execute("CREATE UNIQUE INDEX approvals_action_idx ON approvals (action_id)")
    op.execute("CREATE UNIQUE INDEX approvals_bulk_action_idx ON approvals (bulk_action_id)")
