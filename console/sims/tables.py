"""What is stored of a SIM as it is now. What it was before stands in the histories of the nouns above."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from console.store.metadata import metadata, moment


def key_columns() -> "tuple[sa.Column[int], sa.Column[str]]":
    """Whose SIM, and which: the first two columns of every table about SIMs."""
    return (
        sa.Column("organization_id", sa.Integer, nullable=False, primary_key=True),
        sa.Column("iccid", sa.Text, nullable=False, primary_key=True),
    )


sims = sa.Table(
    "sims",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("iccid", sa.Text, primary_key=True),  # 19 digits, without the check digit
    # As 1NCE's inventory reports:
    sa.Column("label", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("imsi", sa.Text),
    sa.Column("msisdn", sa.Text),
    sa.Column("imei", sa.Text),
    sa.Column("imei_lock", sa.Boolean),
    sa.Column("ip_address", sa.Text),
    sa.Column("data_class", sa.Text),  # "plenty", "low", "none": the inventory's own coarse word on the data quota
    moment("activated_at"),
    # As the network reports, by a poll or the Data Streamer:
    sa.Column("connection", sa.Text),
    sa.Column("operator", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("rat", sa.Text),
    sa.Column("apn", sa.Text),
    sa.Column("cell", sa.Text),
    moment("session_started_at"),
    moment("last_seen_at"),
    moment("connection_at"),  # the moment that the connection above was true; older news do not change it
    # Our own:
    sa.Column("quota", sa.Text),  # the data quota in a word, see quota_word; None: 1NCE has not reported it
    sa.Column("missing_walks", sa.SmallInteger, nullable=False, server_default="0"),
    moment("added_at", nullable=False),
    moment("changed_at", nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="1"),
)

checks = sa.Table(
    "sim_checks",
    metadata,
    *key_columns(),
    moment("status_at"),  # when 1NCE last answered for this SIM's connection
    sa.Column("status_source", sa.Text),  # "poll" or "streamer"
    moment("events_at"),
    moment("data_quota_at"),
    moment("sms_quota_at"),
    moment("sms_at"),
)

# What a SIM can be found by, in lower case. The database keeps it itself, apart from `sims`: its index of parts is
# dear to write, and a SIM moves a thousand times before it is named anew.
words = sa.Table("sim_words", metadata, *key_columns(), sa.Column("search", sa.Text, nullable=False))

# A view: a SIM with its quotas and its last confirmation, as SimState has them, and what it is sorted by beside these.
sim_states = sa.Table(
    "sim_states",
    sa.MetaData(),
    *key_columns(),
    *(
        sa.Column(name, sa.Text)
        for name in (
            "label status connection imsi msisdn imei ip_address operator country rat apn cell data_class quota"
            " data_quota sms_quota source note"
        ).split()
    ),
    *(
        sa.Column(name, sa.BigInteger)
        for name in "data_left_bytes data_total_bytes sms_left sms_total revision edits data_left_seconds".split()
    ),
    *(sa.Column(name, sa.Boolean) for name in ("imei_lock", "missing", "watched")),
    sa.Column("tags", sa.ARRAY(sa.Text)),
    sa.Column("forecast_on", sa.Date),  # the day of the forecast by which `data_left_seconds` is known
    sa.Column("custom_fields", JSONB),
    *(
        moment(name)
        for name in (
            "activated_at session_started_at last_seen_at data_expires_at confirmed_at changed_at added_at".split()
        )
    ),
)

# How many SIMs there are of each kind: what each change of SIMs adds and takes away, summed up when it is read.
# Triggers of `sims` append to it in the transaction of the change, so that it agrees with `sims` in every snapshot.
# Nobody waits for anybody: rows are only inserted, until `fold_counts` puts them together.
fleet_counts = sa.Table(
    "fleet_counts",
    metadata,
    sa.Column("organization_id", sa.Integer, nullable=False, index=True),
    sa.Column("connection", sa.Text),
    sa.Column("status", sa.Text),
    sa.Column("quota", sa.Text),
    sa.Column("missing", sa.Boolean, nullable=False),
    sa.Column("operator", sa.Text),
    sa.Column("country", sa.Text),
    sa.Column("rat", sa.Text),
    sa.Column("apn", sa.Text),
    sa.Column("sims", sa.BigInteger, nullable=False),  # unwatched ones too; negative: so many fewer
)
NAMES = ("connection", "status", "quota", "missing", "operator", "country", "rat", "apn")
KINDS = tuple(fleet_counts.c[name] for name in NAMES)

# Watching: all three tables are small, for a SIM that is simply watched is in none of them.
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


# What people of an organization add to a SIM; 1NCE knows nothing of them.
annotations = sa.Table(
    "sim_annotations",
    metadata,
    *key_columns(),
    sa.Column("tags", ARRAY(sa.Text), nullable=False, server_default="{}"),  # folded, sorted, each once
    sa.Column("note", sa.Text),
    sa.Column("custom_fields", JSONB, nullable=False, server_default="{}"),  # name -> text
    sa.Column("edits", sa.Integer, nullable=False, server_default="1"),
    moment("edited_at", nullable=False),
    sa.Column("edited_by", sa.Text, nullable=False),
)

# A file of annotations: what it would change, and what became of it.
imports = sa.Table(
    "sim_imports",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), nullable=False),
    sa.Column("columns", ARRAY(sa.Text), nullable=False),
    sa.Column("ignored", ARRAY(sa.Text), nullable=False),
    sa.Column("changes", JSONB, nullable=False),
    sa.Column("errors", JSONB, nullable=False),
    sa.Column("unchanged", sa.Integer, nullable=False),  # lines that say what is so already
    sa.Column("made_by", sa.Text, nullable=False),
    moment("made_at", nullable=False),
    sa.Column("applied_by", sa.Text),
    moment("applied_at"),
    sa.Column("undone_by", sa.Text),
    moment("undone_at"),
    sa.Column("not_undone", sa.Integer),  # SIMs that were edited after it was applied, and stayed as they were
)
