"""The audit trail: lines, their seals, and triggers that refuse to change or delete either within seven years."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make empty tables."""
    op.execute("""
        CREATE TABLE audit_lines (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_lines_pkey PRIMARY KEY,
            organization_id integer NOT NULL,
            at timestamptz NOT NULL,
            actor_kind text NOT NULL,
            actor_id integer,
            actor text NOT NULL,
            on_behalf_of text,
            action text NOT NULL,
            subject text,
            before jsonb,
            after jsonb,
            outcome text NOT NULL,
            reason text,
            request_id text,
            address text,
            words text GENERATED ALWAYS AS (
                lower(actor || ' ' || action || ' ' || coalesce(subject, '') || ' ' || coalesce(reason, '')
                      || ' ' || coalesce(address, '') || ' ' || coalesce(request_id, ''))) STORED
        )""")
    op.execute("CREATE INDEX audit_lines_at_idx ON audit_lines (organization_id, at DESC, id DESC)")
    op.execute("CREATE INDEX audit_lines_subject_idx ON audit_lines (organization_id, subject, at DESC, id DESC)")
    op.execute("CREATE INDEX audit_lines_words_idx ON audit_lines USING gin (words gin_trgm_ops)")
    op.execute("CREATE TABLE audit_unsealed (line_id bigint CONSTRAINT audit_unsealed_pkey PRIMARY KEY)")
    op.execute("""
        CREATE TABLE audit_seals (
            organization_id integer NOT NULL,
            number bigint NOT NULL,
            line_id bigint NOT NULL CONSTRAINT audit_seals_line_id_key UNIQUE,
            key_id text NOT NULL,
            canonical bytea NOT NULL,
            hmac bytea NOT NULL,
            sealed_at timestamptz NOT NULL,
            CONSTRAINT audit_seals_pkey PRIMARY KEY (organization_id, number)
        )""")
    op.execute("""
        CREATE TABLE audit_verifications (
            organization_id integer NOT NULL CONSTRAINT audit_verifications_pkey PRIMARY KEY,
            verified_at timestamptz NOT NULL,
            number bigint NOT NULL,
            fault text
        )""")
    _triggers()


def _triggers() -> None:
    op.execute("""
        CREATE FUNCTION audit_wait_for_seal() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO audit_unsealed (line_id) SELECT id FROM added;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE TRIGGER audit_lines_wait AFTER INSERT ON audit_lines REFERENCING NEW TABLE AS added
            FOR EACH STATEMENT EXECUTE FUNCTION audit_wait_for_seal()""")
    op.execute("""
        CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'The audit trail is not changed: % of % is refused', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END $$""")
    for table, moment in (("audit_lines", "at"), ("audit_seals", "sealed_at")):
        op.execute(f"""
            CREATE TRIGGER {table}_unchanged BEFORE UPDATE ON {table}
                FOR EACH ROW EXECUTE FUNCTION audit_refuse()""")
        op.execute(f"""
            CREATE TRIGGER {table}_kept BEFORE DELETE ON {table}
                FOR EACH ROW WHEN (OLD.{moment} > now() - INTERVAL '7 years') EXECUTE FUNCTION audit_refuse()""")
        op.execute(f"""
            CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""")
