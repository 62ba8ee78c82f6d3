"""The table of jobs: what each does, and when. The workers run it, the jobs page shows it."""

from datetime import datetime

from croniter import croniter
from msgspec import Struct


class Scheduled(Struct, frozen=True, kw_only=True):
    """A job and its hours (cron, UTC). `cron` is None for a job that only something else asks for."""

    name: str
    description: str
    every: str
    cron: str | None
    by_organization: bool = True


SCHEDULE = (
    Scheduled(
        name="sync_sims",
        description="Walks 1NCE's inventory: which SIMs there are, their labels and whether they are enabled",
        every="15 minutes",
        cron="*/15 * * * *",
    ),
    Scheduled(
        name="sync_status",
        description="Polls where SIMs are: most often those on a screen and those that moved, the others in turn",
        every="minute",
        cron="* * * * *",
    ),
    Scheduled(
        name="sync_connectivity",
        description="Asks for the network events of SIMs, in the same way; each event counts once, polled or posted",
        every="minute",
        cron="* * * * *",
    ),
    Scheduled(
        name="sync_sms",
        description="Asks for the messages of SIMs on a screen, of those with one under way, and of all others in time",
        every="minute",
        cron="* * * * *",
    ),
    Scheduled(
        name="sync_quotas",
        description="Asks what SIMs have left; the fall that no usage record explains becomes derived usage",
        every="minute",
        cron="* * * * *",
    ),
    Scheduled(
        name="take_stream",
        description="Takes in what 1NCE's Data Streamer and SMS Forwarder have posted",
        every="push, and each minute for what was left",
        cron="* * * * *",
    ),
    Scheduled(
        name="watch_stream",
        description="Checks that the Data Streamer still posts what polling finds; counts SIMs that lack usage records",
        every="5 minutes",
        cron="*/5 * * * *",
    ),
    Scheduled(
        name="sample_fleet",
        description="Records how many SIMs are online, for the moving chart",
        every="minute",
        cron="* * * * *",
    ),
    Scheduled(
        name="refresh_token",
        description="Renews the 1NCE access token before it ends",
        every="5 minutes",
        cron="*/5 * * * *",
    ),
    Scheduled(
        name="sweep_outbox",
        description="Tells what a crash left untold",
        every="10 seconds",
        cron="* * * * * */10",
        by_organization=False,
    ),
    Scheduled(
        name="prune",
        description="Drops what is older than it is kept: usage 2 years, events and SMS 1 year, connectivity 6 months",
        every="day",
        cron="17 3 * * *",
        by_organization=False,
    ),
)
BY_NAME = {job.name: job for job in SCHEDULE}


def next_run(job: Scheduled, now: datetime) -> datetime | None:
    """When the schedule has the job's turn next."""
    if job.cron is None:
        return None
    upcoming: datetime = croniter(job.cron, now).get_next(datetime)
    return upcoming
