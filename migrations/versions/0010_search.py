"""What SIMs are found by is folded: case, Unicode form, accents and invisible characters make no difference."""

from alembic import op

revision = "0010"
down_revision = "0009"

IDENTIFIERS = (
    "{0}iccid || ' ' || coalesce({0}imsi, '') || ' ' || coalesce({0}msisdn, '') || ' ' || coalesce({0}imei, '')"
)
SEARCH = f"{IDENTIFIERS} || ' ' || coalesce({{0}}ip_address, '') || ' ' || coalesce(fold_text({{0}}label), '')"
# Combining marks; soft hyphen, zero width and direction marks, word joiner, byte order mark.
DROPPED = r"[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"


def upgrade() -> None:
    """The same function folds what is stored and what is asked for."""
    op.execute(rf"""
        CREATE FUNCTION fold_text(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
            SELECT replace(replace(lower(upper(
                regexp_replace(normalize(value, NFKD), '{DROPPED}', '', 'g'))), 'ß', 'ss'), 'ς', 'σ')
        $$""")
    op.execute(f"""
        CREATE OR REPLACE FUNCTION keep_sim_words() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO sim_words (organization_id, iccid, search)
            VALUES (NEW.organization_id, NEW.iccid, {SEARCH.format("NEW.")})
            ON CONFLICT (organization_id, iccid) DO UPDATE SET search = excluded.search;
            RETURN NULL;
        END $$""")
    op.execute(f"""
        UPDATE sim_words w SET search = {SEARCH.format("s.")}
        FROM sims s WHERE (s.organization_id, s.iccid) = (w.organization_id, w.iccid)""")
    op.execute("DROP INDEX sims_label_begins_idx")
    op.execute("CREATE INDEX sims_label_begins_idx ON sims (organization_id, fold_text(label) text_pattern_ops)")
