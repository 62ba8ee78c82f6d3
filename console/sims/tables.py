"""What is stored of a SIM as it is now. What it was before stands in the histories of the slices above."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

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

# A view: a SIM with its quotas and its last confirmation, column by column as states.SimState has them.
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
        for name in "data_left_bytes data_total_bytes sms_left sms_total revision edits".split()
    ),
    *(sa.Column(name, sa.Boolean) for name in ("imei_lock", "missing", "watched")),
    sa.Column("tags", sa.ARRAY(sa.Text)),
    sa.Column("custom_fields", JSONB),
    *(
        moment(name)
        for name in (
            "activated_at session_started_at last_seen_at data_expires_at confirmed_at changed_at added_at".split()
        )
    ),
)
