"""Runs of jobs are found by their state, and the newest ones, without a look at all others: a busy console has
hundreds of thousands of them.
"""

from alembic import op

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    op.execute("CREATE INDEX job_runs_state_idx ON job_runs (organization_id, state, id DESC)")
    op.execute("CREATE INDEX job_runs_newest_idx ON job_runs (organization_id, id DESC)")
