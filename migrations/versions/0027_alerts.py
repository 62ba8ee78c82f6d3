"""Alert rules, alerts with their subjects and history, and the changes of SIMs that are to be judged."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Nobody has a rule yet: the first judging gives each organization the ready-made ones."""
    op.execute("""
        CREATE TABLE alert_rules (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT alert_rules_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT alert_rules_organization_id_fkey REFERENCES organizations (id),
            name text NOT NULL,
            kind text NOT NULL,
            parameters jsonb NOT NULL,
            filter text NOT NULL DEFAULT '',
            severity text NOT NULL,
            for_seconds integer NOT NULL DEFAULT 0,
            keep_firing_seconds integer NOT NULL DEFAULT 0,
            enabled boolean NOT NULL DEFAULT true,
            ready_made text,
            revision integer NOT NULL DEFAULT 1,
            judged_revision integer NOT NULL DEFAULT 0,
            changed_at timestamptz NOT NULL,
            changed_by text NOT NULL,
            deleted_at timestamptz
        )""")
    op.execute("CREATE INDEX alert_rules_organization_id_idx ON alert_rules (organization_id)")
    _alerts()
    _judging()


def _alerts() -> None:
    op.execute("""
        CREATE TABLE alerts (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT alerts_pkey PRIMARY KEY,
            organization_id integer NOT NULL CONSTRAINT alerts_organization_id_fkey REFERENCES organizations (id),
            rule_id integer NOT NULL CONSTRAINT alerts_rule_id_fkey REFERENCES alert_rules (id),
            severity text NOT NULL,
            state text NOT NULL,
            key text NOT NULL,
            title text NOT NULL,
            iccid text,
            operator text,
            country text,
            sims integer NOT NULL DEFAULT 0,
            sims_total integer NOT NULL DEFAULT 0,
            started_at timestamptz NOT NULL,
            fired_at timestamptz,
            recovering_at timestamptz,
            resolved_at timestamptz,
            resolved_by text,
            cannot_judge_since timestamptz,
            acknowledged_at timestamptz,
            acknowledged_by text,
            acknowledged_until timestamptz,
            note text,
            ticket text,
            assigned_to text,
            hidden_by text,
            change text NOT NULL,
            changed_at timestamptz NOT NULL,
            revision bigint NOT NULL DEFAULT 1
        )""")
    op.execute("CREATE UNIQUE INDEX alerts_open_key ON alerts (rule_id, key) WHERE state <> 'resolved'")
    op.execute("CREATE INDEX alerts_open_idx ON alerts (organization_id, id) WHERE state <> 'resolved'")
    op.execute("CREATE INDEX alerts_organization_id_idx ON alerts (organization_id, id)")
    op.execute("""
        CREATE TABLE alert_subjects (
            alert_id bigint NOT NULL
                CONSTRAINT alert_subjects_alert_id_fkey REFERENCES alerts (id) ON DELETE CASCADE,
            subject text NOT NULL,
            organization_id integer NOT NULL,
            rule_id integer NOT NULL,
            open boolean NOT NULL DEFAULT true,
            holds boolean NOT NULL DEFAULT true,
            since timestamptz NOT NULL,
            ended_at timestamptz,
            value text,
            CONSTRAINT alert_subjects_pkey PRIMARY KEY (alert_id, subject)
        )""")
    op.execute(
        "CREATE UNIQUE INDEX alert_subjects_open_key ON alert_subjects (organization_id, rule_id, subject) WHERE open"
    )
    op.execute("CREATE INDEX alert_subjects_subject_idx ON alert_subjects (organization_id, subject)")
    op.execute("""
        CREATE TABLE alert_history (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT alert_history_pkey PRIMARY KEY,
            organization_id integer NOT NULL,
            alert_id bigint NOT NULL
                CONSTRAINT alert_history_alert_id_fkey REFERENCES alerts (id) ON DELETE CASCADE,
            at timestamptz NOT NULL,
            change text NOT NULL,
            by text,
            text text
        )""")
    op.execute("CREATE INDEX alert_history_alert_id_idx ON alert_history (alert_id, id)")


def _judging() -> None:
    op.execute("""
        CREATE TABLE alert_judging (
            organization_id integer NOT NULL CONSTRAINT alert_judging_pkey PRIMARY KEY
                CONSTRAINT alert_judging_organization_id_fkey REFERENCES organizations (id),
            ready_made integer NOT NULL,
            judged_at timestamptz,
            fleet_judged_at timestamptz
        )""")
    op.execute("""
        CREATE TABLE departures (
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            operator text NOT NULL,
            country text NOT NULL,
            left_at timestamptz NOT NULL,
            CONSTRAINT departures_pkey PRIMARY KEY (organization_id, iccid)
        )""")
    op.execute("CREATE INDEX departures_left_at_idx ON departures (organization_id, left_at)")
    op.execute("""
        CREATE TABLE unjudged_changes (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT unjudged_changes_pkey PRIMARY KEY,
            organization_id integer NOT NULL,
            iccid text NOT NULL,
            changed_at timestamptz NOT NULL,
            was_status text,
            was_imei text,
            was_connection text,
            was_operator text,
            was_country text
        )""")
    op.execute("CREATE INDEX unjudged_changes_organization_id_idx ON unjudged_changes (organization_id, id)")
    _note("inserted", "INSERT", "NEW TABLE AS later", "SELECT organization_id, iccid, changed_at FROM later", "")
    # A SIM that was merely seen again changes nothing that a rule asks, except how long it was not seen: those that
    # fire for that are looked at each time.
    _note(
        "updated",
        "UPDATE",
        "OLD TABLE AS earlier NEW TABLE AS later",
        """
            SELECT later.organization_id, later.iccid, later.changed_at,
                earlier.status, earlier.imei, earlier.connection, earlier.operator, earlier.country
            FROM later JOIN earlier USING (organization_id, iccid)
            WHERE later.revision <> earlier.revision
                AND ((later.status, later.imei, later.connection, later.operator, later.country)
                    IS DISTINCT FROM
                    (earlier.status, earlier.imei, earlier.connection, earlier.operator, earlier.country)
                    OR later.last_seen_at IS NOT DISTINCT FROM earlier.last_seen_at)""",
        ", was_status, was_imei, was_connection, was_operator, was_country",
    )


def _note(name: str, event: str, tables: str, changed: str, columns: str) -> None:
    op.execute(f"""
        CREATE FUNCTION note_{name}_sims() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO unjudged_changes (organization_id, iccid, changed_at{columns}) {changed};
            RETURN NULL;
        END $$""")
    op.execute(
        f"CREATE TRIGGER note_{name}_sims AFTER {event} ON sims REFERENCING {tables}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION note_{name}_sims()"
    )
