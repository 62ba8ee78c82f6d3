"""What is stored of watching. All three tables are small: a SIM that is simply watched is in none of them."""

import sqlalchemy as sa

from console.sims.tables import key_columns
from console.store.metadata import metadata, moment

# SIMs that are known and not watched: their rows and histories stay, lists and totals leave them out.
unwatched = sa.Table(
    "unwatched_sims",
    metadata,
    *key_columns(),
    moment("unwatched_at", nullable=False),
    sa.Column("unwatched_by", sa.Text, nullable=False),
)

# ICCIDs that somebody asked to watch and 1NCE has not confirmed. The inventory, or a look at the one SIM, ends it.
watch_requests = sa.Table(
    "watch_requests",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("iccid", sa.Text, primary_key=True),
    moment("requested_at", nullable=False),
    sa.Column("requested_by", sa.Text, nullable=False),
    moment("refused_at"),  # when 1NCE said that it has no such SIM
    sa.Column("refusal", sa.Text),
)

# When somebody last asked 1NCE anew about a SIM (its ICCID), or about all (FLEET).
sync_requests = sa.Table(
    "sync_requests",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    moment("requested_at", nullable=False),
)
FLEET = "fleet"


def is_watched(table: "sa.FromClause") -> "sa.ColumnElement[bool]":
    """Whether the SIM that a row of this table belongs to is watched; true for a row without a SIM."""
    c = unwatched.c
    return ~sa.exists(
        sa.select(sa.literal_column("1"))
        .select_from(unwatched)
        .where(c.organization_id == table.c.organization_id, c.iccid == table.c.iccid)
    )
