"""What is stored of the runs of jobs."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from console.store.metadata import metadata, moment

job_runs = sa.Table(
    "job_runs",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("organization_id", sa.Integer),  # None: for the whole installation
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # a RunState
    moment("started_at", nullable=False),
    moment("heartbeat_at", nullable=False),
    moment("finished_at"),
    sa.Column("seen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("changed", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("failed", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("error", sa.Text),
    sa.Column("progress", JSONB),  # where a run that was cut off can go on
)

# When a job last looked for work and found none: such a look leaves no run. Written now and then, not each time.
job_looks = sa.Table(
    "job_looks",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("job", sa.Text, primary_key=True),
    moment("looked_at", nullable=False),
)

# When a run of a job was last asked for outside its schedule, and by whom.
run_requests = sa.Table(
    "run_requests",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True, autoincrement=False),
    sa.Column("job", sa.Text, primary_key=True),
    moment("requested_at", nullable=False),
    sa.Column("requested_by", sa.Text, nullable=False),
)
