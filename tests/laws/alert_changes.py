"""What happens to alerts and their notifications while pages are open: one change each, by the console's own writes."""

from datetime import datetime

import sqlalchemy as sa

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.alert_rules.tables import alert_rules
from console.alert_rules.writes import NewAlertRule, add
from console.alerts import writes
from console.alerts.judging.judge import judge
from console.connectivity.writes import record_statuses
from console.facts.alerts import AlertChange, Severity
from console.notifications import deliveries_writes
from console.notifications.asking import notify
from console.notifications.bodies import ChannelSetting
from console.notifications.deliveries_rules import AttemptOutcome, Ended
from console.notifications.rules import ChannelKind, Notification
from console.notifications.writes import add_channel
from console.runs.tables import job_runs
from console.settings import Settings
from console.store.database import Transaction
from tests.cast import ADAS_SIM, placed
from tests.laws.changes import operator
from tests.logged import SECRET

ABROAD = RuleParameters(countries=("DE",))


async def rule(transaction: Transaction, acme: int, now: datetime) -> None:
    """The only one: where SIMs may be."""
    run = {"organization_id": acme, "job": "sync_status", "state": "done", "started_at": now}
    await transaction.connection.execute(sa.insert(job_runs).values(**run, heartbeat_at=now, finished_at=now))
    await judge(transaction, acme, now)  # with the ready-made rules
    await transaction.connection.execute(
        sa.update(alert_rules).where(alert_rules.c.organization_id == acme).values(enabled=False)
    )
    wanted = NewAlertRule(
        name="Abroad <now>", kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=ABROAD, severity=Severity.CRITICAL
    )
    await add(transaction, operator(acme), wanted, now)
    await judge(transaction, acme, now)


async def abroad(transaction: Transaction, acme: int, now: datetime) -> None:
    await record_statuses(
        transaction,
        acme,
        [placed(ADAS_SIM, now, connection="online", operator="A", country="FR", last_seen_at=now)],
        now,
        "poll",
    )


async def judged(transaction: Transaction, acme: int, now: datetime) -> None:
    await judge(transaction, acme, now)


async def acknowledged(transaction: Transaction, acme: int, now: datetime) -> None:
    values = {"acknowledged_at": now, "acknowledged_by": "otto <x>"}
    await writes.act(transaction, operator(acme), 1, AlertChange.ACKNOWLEDGED, values, now, text="I look <at it>")


async def channel(transaction: Transaction, acme: int, now: datetime) -> None:
    settings = Settings(database_url="", redis_url="", secret_key=SECRET)
    address, setting = "https://acme.example/hook", ChannelSetting(name="A <b>")
    await add_channel(transaction, settings, acme, ChannelKind.WEBHOOK, address, setting, "ada", now)


async def notification(transaction: Transaction, acme: int, now: datetime) -> None:
    what = Notification(type="alert.firing", time=now, severity=Severity.CRITICAL, title="Pump <7>", subject="7")
    await notify(transaction, acme, what, "one", now)


async def attempt(transaction: Transaction, acme: int, now: datetime) -> None:
    """A worker has sent it, and was answered 503."""
    (claimed,) = await deliveries_writes.claim(transaction, acme, now, most=1, busy=())
    await deliveries_writes.note_sending(transaction, acme, claimed, now)
    ended = Ended(outcome=AttemptOutcome.FAILED, status=503, answer="<busy>")
    await deliveries_writes.end(transaction, acme, claimed, ended, now)
