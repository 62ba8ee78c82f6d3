"""What is stored of the accounts at 1NCE."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from console.store.metadata import metadata, moment

carrier_circuits = sa.Table(
    "carrier_circuits",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, nullable=False),  # a CircuitState
    sa.Column("reason", sa.Text),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    moment("since"),  # when it was closed, or ceased to be: half open is still the same trouble
    moment("retry_at"),
    moment("moved_at"),  # a change of an earlier moment comes too late and is ignored
    moment("answered_at"),
)

# When 1NCE did not answer. A trigger of `carrier_circuits` keeps it. Kept for six months.
carrier_outages = sa.Table(
    "carrier_outages",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("since", sa.DateTime(timezone=True), primary_key=True),
    moment("until"),  # None: it goes on
)

carrier_operations = sa.Table(
    "carrier_operations",
    metadata,
    sa.Column("organization_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("operation", sa.Text, primary_key=True),
    sa.Column("available", sa.Boolean, nullable=False),
    sa.Column("unavailable_reason", sa.Text),
    sa.Column("status", sa.SmallInteger),
    moment("since", nullable=False),  # available, or not, from this moment on
    moment("answered_at", nullable=False),
    moment("retry_at"),
)

# 1NCE's price list, as it was read last.
products = sa.Table(
    "products",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text),
    sa.Column("material", sa.Text),
    sa.Column("units_per_package", sa.Integer),
    sa.Column("least", sa.Integer),
    sa.Column("most", sa.Integer),
    sa.Column("contract_months", sa.Integer),
    sa.Column("one_time_charges", JSONB, nullable=False),  # net
    sa.Column("recurring_charges", JSONB, nullable=False),
    moment("read_at", nullable=False),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("type", sa.Text),
    sa.Column("status", sa.Text),
    moment("ordered_at"),
    sa.Column("invoice_number", sa.Text),
    sa.Column("amount_minor", sa.BigInteger),  # gross
    sa.Column("currency", sa.Text),
    sa.Column("iccids", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("products", JSONB, nullable=False),
    sa.Column("first_read_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

# The reading of the orders from the newest back that is under way, or was the last.
order_readings = sa.Table(
    "order_readings",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    moment("began_at", nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("latest_first", sa.Boolean, nullable=False),
    moment("read_to"),
    sa.Column("numbers", sa.ARRAY(sa.BigInteger), nullable=False),
)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("status", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("text", sa.Text),
    moment("opened_at"),
    moment("solved_at"),
    sa.Column("communications", JSONB, nullable=False),
)
