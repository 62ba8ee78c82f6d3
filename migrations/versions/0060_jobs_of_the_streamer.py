"""Jobs of the Data Streamer by the trade's names: what they have done and what waits for them keeps its place."""

from alembic import op

revision = "0060"
down_revision = "0059"
NAMES = {"take_stream": "take_in_posts", "watch_stream": "check_streamer"}


def upgrade() -> None:
    """Workers of the version before run what is asked for by the old names, and so do those of this one."""
    for before, name in NAMES.items():
        for table in ("job_requests", "job_looks", "run_requests", "job_runs"):
            op.execute(f"UPDATE {table} SET job = '{name}' WHERE job = '{before}'")
