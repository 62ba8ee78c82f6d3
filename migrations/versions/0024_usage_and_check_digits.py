"""Usage records that came without one of their times are known when they come again; check digits in SQL."""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Records from before are not in it: one that comes again with another of its times counts again."""
    op.execute("""
        CREATE TABLE usage_incomplete (
            organization_id integer NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
            record_id bigint NOT NULL,
            iccid text NOT NULL,
            time timestamptz NOT NULL,
            CONSTRAINT usage_incomplete_pkey PRIMARY KEY (organization_id, record_id, iccid, time)
        )""")
    # By the Luhn algorithm (ITU-T E.118), of digits without their check digit.
    op.execute("""
        CREATE FUNCTION check_digit(digits text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT ((10 - sum(doubled / 10 + doubled % 10) % 10) % 10)::text
            FROM (
                SELECT substr(digits, place, 1)::integer * (1 + (length(digits) - place + 1) % 2) AS doubled
                FROM generate_series(1, length(digits)) place
            ) places
        $$""")
