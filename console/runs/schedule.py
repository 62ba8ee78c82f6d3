"""The one table of jobs: what each does, when, for whom, with which arguments, and how long it may take.

The workers load and schedule `jobs/<name>.py` by it, and the Jobs page shows it.
"""

from datetime import datetime, timedelta

from croniter import croniter

from console.runs.rules import JobDefinition

JOBS = (
    JobDefinition(
        name="sync_sims",
        description="Reads 1NCE's inventory: which SIMs there are, their labels and whether they are enabled",
        every="15 minutes",
        cron="*/15 * * * *",
        timeout=timedelta(hours=6),
        at_start=True,
    ),
    JobDefinition(
        name="sync_sim",
        description="Asks 1NCE about one SIM that somebody wants to watch or to know about at once",
        every="request",
        timeout=timedelta(minutes=5),
        arguments=("iccid",),
    ),
    JobDefinition(
        name="act",
        description="Sends an operator's action to 1NCE, at most once",
        every="request",
        timeout=timedelta(minutes=5),
        arguments=("action_id",),
    ),
    JobDefinition(
        name="settle",
        description="Looks for the effects of actions, and ends those whose worker was lost or whose time has passed",
        every="request, and each minute for what was left",
        cron="* * * * *",
        timeout=timedelta(minutes=10),
        at_start=True,
    ),
    JobDefinition(
        name="run_bulk_actions",
        description="Starts the actions of bulk actions, a few at a time, and stops one of which too many have failed",
        every="request, and each minute for what was left",
        cron="* * * * *",
        at_start=True,
    ),
    JobDefinition(
        name="deliver",
        description="Sends notifications to their channels, and again those that were not taken",
        every="request, and each minute for what was left",
        cron="* * * * *",
        at_start=True,
    ),
    JobDefinition(
        name="announce_silences",
        description="Publishes that silences and maintenance windows begin and end",
        every="request, and each minute for what was left",
        cron="* * * * *",
        timeout=timedelta(minutes=5),
    ),
    JobDefinition(
        name="sync_status",
        description="Asks 1NCE for the connection of SIMs: on screen, changed lately, and the longest not asked for",
        every="minute",
        cron="* * * * *",
        at_start=True,
    ),
    JobDefinition(
        name="sync_connectivity",
        description="Asks 1NCE for the network events of SIMs, in the same order; polled or pushed, each counts once",
        every="minute",
        cron="* * * * *",
        at_start=True,
    ),
    JobDefinition(
        name="sync_sms",
        description="Asks 1NCE for the messages of SIMs: on screen, with a message under way, then all others",
        every="minute",
        cron="* * * * *",
    ),
    JobDefinition(
        name="sync_quotas",
        description="Asks 1NCE for the quotas of SIMs; a decrease that no usage record explains becomes derived usage",
        every="minute",
        cron="* * * * *",
        at_start=True,
    ),
    JobDefinition(
        name="forecast_quotas",
        description="Measures what SIMs used in their last whole days, by which the end of their quotas is estimated",
        every="hour",
        cron="7 * * * *",
        timeout=timedelta(minutes=30),
        at_start=True,
    ),
    JobDefinition(
        name="sync_orders",
        description="Reads 1NCE's price list, orders and support tickets",
        every="5 minutes",
        cron="*/5 * * * *",
        timeout=timedelta(minutes=30),
        at_start=True,
    ),
    JobDefinition(
        name="take_stream",
        description="Takes in what 1NCE's Data Streamer and SMS Forwarder have pushed",
        every="push, and each minute for what was left",
        cron="* * * * *",
        timeout=timedelta(hours=1),
        at_start=True,
    ),
    JobDefinition(
        name="refresh_sums",
        description="Brings usage records that came late into the sums (TimescaleDB's community edition alone)",
        every="late record, and 10 minutes for what was left",
        cron="*/10 * * * *",
        timeout=timedelta(hours=1),
        by_organization=False,
    ),
    JobDefinition(
        name="watch_stream",
        description="Checks whether the Data Streamer posts as often as it usually does, and what polling finds",
        every="minute",
        cron="* * * * *",
        timeout=timedelta(minutes=5),
    ),
    JobDefinition(
        name="judge_alerts",
        description="Judges alert rules: SIMs that have changed, and what time alone makes true",
        every="3 seconds",
        cron="* * * * * */3",
        timeout=timedelta(minutes=5),
    ),
    JobDefinition(
        name="sample_fleet",
        description="Counts how many SIMs are online, for the chart",
        every="minute",
        cron="* * * * *",
        timeout=timedelta(minutes=1),
        at_start=True,
    ),
    JobDefinition(
        name="refresh_token",
        description="Renews the 1NCE access token before it ends",
        every="5 minutes",
        cron="*/5 * * * *",
        timeout=timedelta(minutes=5),
    ),
    JobDefinition(
        name="check_credentials",
        description="Tries an organization's credentials at 1NCE, because an administrator asked",
        every="request",
        timeout=timedelta(minutes=2),
    ),
    JobDefinition(
        name="sweep_outbox",
        description="Publishes facts and hands over job requests that a crash or a lost Redis left behind",
        every="10 seconds",
        cron="* * * * * */10",
        timeout=timedelta(minutes=5),
        by_organization=False,
    ),
    JobDefinition(
        name="seal_audit",
        description="Numbers and seals the lines of the audit trail, so that none can be changed unnoticed",
        every="10 seconds",
        cron="* * * * * */10",
        timeout=timedelta(minutes=10),
        by_organization=False,
    ),
    JobDefinition(
        name="verify_audit",
        description="Verifies that every line of the audit trail is as it was sealed",
        every="day",
        cron="0 3 * * *",
        timeout=timedelta(hours=6),
        by_organization=False,
    ),
    JobDefinition(
        name="prune",
        description="Deletes what is past its retention: records, events, messages, lines of the audit trail",
        every="day",
        cron="17 3 * * *",
        timeout=timedelta(hours=6),
        by_organization=False,
    ),
)
BY_NAME = {job.name: job for job in JOBS}


def next_run(job: JobDefinition, now: datetime) -> datetime | None:
    """When the job is due next by its schedule; None if it runs on request alone."""
    if job.cron is None:
        return None
    upcoming: datetime = croniter(job.cron, now).get_next(datetime)
    return upcoming
