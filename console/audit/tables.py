"""What is stored of the audit trail. Lines and seals are only ever inserted: the database refuses all else."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from console.store.metadata import metadata, moment

lines = sa.Table(
    "audit_lines",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.Integer, nullable=False),  # 0 for the installation; outlives the organization
    moment("at", nullable=False),
    sa.Column("actor_kind", sa.Text, nullable=False),
    sa.Column("actor_id", sa.Integer),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("on_behalf_of", sa.Text),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text),
    sa.Column("before", JSONB(none_as_null=True)),
    sa.Column("after", JSONB(none_as_null=True)),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("request_id", sa.Text),
    sa.Column("address", sa.Text),
    sa.Column(
        "words",  # what is searched
        sa.Text,
        sa.Computed(
            "lower(actor || ' ' || action || ' ' || coalesce(subject, '') || ' ' || coalesce(reason, '')"
            " || ' ' || coalesce(address, '') || ' ' || coalesce(request_id, ''))"
        ),
    ),
)
# Lines that have no number yet; a trigger of audit_lines fills it, sealing empties it.
unsealed = sa.Table("audit_unsealed", metadata, sa.Column("line_id", sa.BigInteger, primary_key=True))
seals = sa.Table(
    "audit_seals",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),  # 1, 2, 3 ... without a gap in each organization
    sa.Column("line_id", sa.BigInteger, nullable=False, unique=True),
    sa.Column("key_id", sa.Text, nullable=False),  # which of AUDIT_KEY's keys
    sa.Column("canonical", sa.LargeBinary, nullable=False),  # the line as it was sealed
    sa.Column("hmac", sa.LargeBinary, nullable=False),  # HMAC-SHA256(key, the hmac before || canonical)
    moment("sealed_at", nullable=False),
)
verifications = sa.Table(
    "audit_verifications",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True),
    moment("verified_at", nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),  # the last line that was looked at
    sa.Column("fault", sa.Text),  # the first that does not hold, in words
)
