"""Lists of SIMs by connection, status, operator, RAT and SMS left are read in the order of an index. Without one, all
SIMs were sorted for each page.
"""

from alembic import op

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    """As `sims_country_idx` has countries; and as `quotas_data_left_idx` has data."""
    for name in ("status", "operator", "rat"):
        op.execute(f"CREATE INDEX sims_{name}_idx ON sims (organization_id, {name}, iccid)")
    op.execute("CREATE INDEX sims_connected_idx ON sims (organization_id, connection, iccid)")
    op.execute("""CREATE INDEX quotas_sms_left_idx ON quotas (organization_id, "left", iccid) WHERE service = 'sms'""")
