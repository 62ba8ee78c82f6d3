"""Products, orders and support tickets of 1NCE; budgets of top-ups; a price of our own for a top-up.

What is spent and reserved is not stored twice: it is the sum of the top-ups that have not ended without a charge.
"""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """New tables and columns without values: nothing waits."""
    op.execute("ALTER TABLE organizations ADD COLUMN top_up_price_minor bigint, ADD COLUMN top_up_currency text")
    op.execute("ALTER TABLE actions ADD COLUMN ticket_id text")
    op.execute("""
        CREATE TABLE products (
            organization_id integer NOT NULL
                CONSTRAINT products_organization_id_fkey REFERENCES organizations (id),
            id bigint NOT NULL,
            name text,
            material text,
            units_per_package integer,
            least integer,
            most integer,
            contract_months integer,
            one_time_charges jsonb NOT NULL,
            recurring_charges jsonb NOT NULL,
            read_at timestamptz NOT NULL,
            CONSTRAINT products_pkey PRIMARY KEY (organization_id, id)
        )""")
    op.execute("""
        CREATE TABLE orders (
            organization_id integer NOT NULL
                CONSTRAINT orders_organization_id_fkey REFERENCES organizations (id),
            number bigint NOT NULL,
            type text,
            status text,
            ordered_at timestamptz,
            invoice_number text,
            amount_minor bigint,
            currency text,
            iccids text[] NOT NULL,
            products jsonb NOT NULL,
            CONSTRAINT orders_pkey PRIMARY KEY (organization_id, number)
        )""")
    op.execute("""
        CREATE TABLE tickets (
            organization_id integer NOT NULL
                CONSTRAINT tickets_organization_id_fkey REFERENCES organizations (id),
            id text NOT NULL,
            status text,
            subject text,
            text text,
            opened_at timestamptz,
            solved_at timestamptz,
            communications jsonb NOT NULL,
            CONSTRAINT tickets_pkey PRIMARY KEY (organization_id, id)
        )""")
    op.execute("""
        CREATE TABLE budgets (
            id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT budgets_pkey PRIMARY KEY,
            organization_id integer NOT NULL
                CONSTRAINT budgets_organization_id_fkey REFERENCES organizations (id),
            scope text NOT NULL,
            subject text NOT NULL,
            period text NOT NULL,
            limit_minor bigint,
            currency text,
            limit_top_ups integer,
            CONSTRAINT budgets_organization_id_scope_subject_period_key
                UNIQUE (organization_id, scope, subject, period)
        )""")
    op.execute("CREATE INDEX actions_spending_idx ON actions (organization_id, requested_at) WHERE kind = 'topup'")
    op.execute(
        "CREATE INDEX actions_order_idx ON actions (organization_id, order_number) WHERE order_number IS NOT NULL"
    )
