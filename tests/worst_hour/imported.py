"""What a process has before others are forked from it: the console, imported, and one application, made.

The first application of a process takes two seconds of a processor, others a fraction of that.
"""

from console.app import create_app
from console.runs.schedule import JOBS
from console.settings import Settings
from jobs.worker import load

create_app(
    Settings(
        database_url="postgresql+asyncpg://nobody@127.0.0.1:1/console",
        redis_url="redis://127.0.0.1:1/0",
        secret_key="a-secret-key-for-trials-alone-0123456789",
    )
)
for job in JOBS:
    load(job)
