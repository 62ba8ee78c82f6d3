"""The jobs that look after the whole installation rather than one organization."""

from datetime import timedelta

from console.runs.rules import JobDefinition

INSTALLATION_WIDE = (
    JobDefinition(
        name="refresh_sums",
        title="Sums of usage",
        description="Brings usage records that came late into the sums (TimescaleDB's community edition alone)",
        every="late record, and 10 minutes for what was left",
        cron="*/10 * * * *",
        timeout=timedelta(hours=1),
        by_organization=False,
    ),
    JobDefinition(
        name="sweep_outbox",
        title="Unpublished changes",
        description="Publishes facts and hands over job requests that a crash or a lost Redis left behind",
        every="10 seconds",
        cron="* * * * * */10",
        timeout=timedelta(minutes=5),
        by_organization=False,
    ),
    JobDefinition(
        name="seal_audit",
        title="Audit trail: sealing",
        description="Numbers and seals the lines of the audit trail, so that none can be changed unnoticed",
        every="10 seconds",
        cron="* * * * * */10",
        timeout=timedelta(minutes=10),
        by_organization=False,
    ),
    JobDefinition(
        name="verify_audit",
        title="Audit trail: verification",
        description="Verifies that every line of the audit trail is as it was sealed",
        every="day",
        cron="0 3 * * *",
        timeout=timedelta(hours=6),
        by_organization=False,
    ),
    JobDefinition(
        name="prune",
        title="Retention",
        description="Deletes what is past its retention: records, events, messages, lines of the audit trail",
        every="day",
        cron="17 3 * * *",
        timeout=timedelta(hours=6),
        by_organization=False,
    ),
)
