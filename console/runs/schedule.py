"""The table of jobs: what each does, and when. The workers run it, the jobs page shows it."""

from datetime import datetime

from croniter import croniter
from msgspec import Struct


class Scheduled(Struct, frozen=True, kw_only=True):
    """A job and its hours (cron, UTC). `cron` is None for a job that only something else asks for."""

    name: str
    does: str
    every: str
    cron: str | None
    by_organization: bool = True


SCHEDULE = (
    Scheduled(
        name="sync_sims",
        does="Walks 1NCE's inventory: which SIMs there are, their labels and whether they are enabled",
        every="15 minutes",
        cron="*/15 * * * *",
    ),
    Scheduled(
        name="sync_status",
        does="Asks where SIMs are: most often those on a screen and those that moved, the longest unasked all the time",
        every="minute",
        cron="* * * * *",
    ),
    Scheduled(
        name="sync_connectivity",
        does="Asks for the network events of SIMs, in the same way; each event counts once, polled or pushed",
        every="minute",
        cron="* * * * *",
    ),
    Scheduled(
        name="sync_sms",
        does="Asks for the messages of SIMs on a screen, of those with one under way, and of all others in time",
        every="minute",
        cron="* * * * *",
    ),
    Scheduled(
        name="sync_quotas",
        does="Asks what SIMs have left; the fall that no usage record explains becomes derived usage",
        every="minute",
        cron="* * * * *",
    ),
    Scheduled(
        name="take_stream",
        does="Takes in what 1NCE's Data Streamer and SMS Forwarder have pushed",
        every="push, and each minute for what was left",
        cron="* * * * *",
    ),
    Scheduled(
        name="watch_stream",
        does="Looks whether the Data Streamer still brings what polling finds, and whose usage records lack something",
        every="5 minutes",
        cron="*/5 * * * *",
    ),
    Scheduled(
        name="sample_fleet",
        does="Puts down how many SIMs are online, for the moving chart",
        every="minute",
        cron="* * * * *",
    ),
    Scheduled(
        name="refresh_token",
        does="Renews the 1NCE access token before it ends",
        every="5 minutes",
        cron="*/5 * * * *",
    ),
    Scheduled(
        name="sweep_outbox",
        does="Tells what a crash left untold",
        every="10 seconds",
        cron="* * * * * */10",
        by_organization=False,
    ),
    Scheduled(
        name="prune",
        does="Drops what is older than it is kept: usage 2 years, events and SMS 1 year, connectivity 6 months",
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
