"""What happens to an organization while its pages are open: one change each, by the console's own writes."""

from datetime import datetime, timedelta

from msgspec import structs

from console.actions import requests, writes
from console.actions.bulk import writes as bulk_writes
from console.actions.bulk.commands import begin as begin_bulk_action
from console.actions.bulk.selection import Selection
from console.carrier.rules import CircuitState
from console.carrier.writes import record_answers, record_circuit, record_unavailable
from console.connectivity.writes import record_events, record_statuses
from console.facts.sms import Sms
from console.organizations.rules import PERMISSIONS, Caller, Role
from console.quotas.writes import COMPARE, record_quotas
from console.runs.rules import RunState
from console.runs.writes import Tally, begin, finish
from console.silences.bodies import NewSilence
from console.silences.rules import Label, Matcher
from console.silences.writes import add_silence
from console.sms.writes import record_messages
from console.store.database import Transaction
from console.streamer.writes import note_posts, settle
from console.usage.writes import record_usage
from tests.cast import ADAS_SIM, placed

MB = 1024 * 1024


def operator(acme: int) -> Caller:
    permissions = PERMISSIONS[Role.OPERATOR]
    return Caller(organization_id=acme, organization="Acme", name="otto <x>", permissions=permissions, user_id=1)


async def connection(transaction: Transaction, acme: int, now: datetime) -> None:
    await record_statuses(transaction, acme, [placed(ADAS_SIM, now, connection="offline", rat="LTE")], now, "poll")


async def quota(transaction: Transaction, acme: int, now: datetime) -> None:
    expires = now + timedelta(days=400)
    known = {"status": "active", "total": 500, "accumulated": 500, "last_added": 500, "threshold_percent": 20}
    rows = [
        {"iccid": ADAS_SIM, "service": service, **dict.fromkeys(COMPARE), **known, "left": left, "expires_at": expires}
        for service, left in (("data", 60), ("sms", 240))
    ]
    await record_quotas(transaction, acme, rows, now, streamer_alive=False)


async def message(transaction: Transaction, acme: int, now: datetime) -> None:
    sent = Sms(
        iccid=ADAS_SIM, direction="mt", id="7", time=now, status="pending", payload="reboot <now>", source="poll"
    )
    await record_messages(transaction, acme, [sent], now)


async def event(transaction: Transaction, acme: int, now: datetime) -> None:
    row = {
        **{"id": 5, "iccid": ADAS_SIM, "time": now, "type": 3, "name": "Create PDP Context", "severity": "warn"},
        **{"description": "PDP Context Request accepted.", "operator": "T-Mobile", "country": "DE", "cause": None},
    }
    await record_events(transaction, acme, [row], now)


async def usage(transaction: Transaction, acme: int, now: datetime) -> None:
    row = {
        "iccid": ADAS_SIM,
        "time": now,
        "started_at": now,
        "source": "streamer",
        "record_id": 9,
        "data_bytes": 3 * MB,
        "sms": 1,
    }
    await record_usage(transaction, acme, [row], now)


async def run(transaction: Transaction, acme: int, now: datetime) -> None:
    run_id = await begin(transaction, acme, "sync_sims", now)
    tally = Tally(seen=250, changed=3, failed=1, error="1NCE refused one <SIM>")
    await finish(transaction, run_id, RunState.FAILED, tally, now + timedelta(seconds=2))


async def circuit(transaction: Transaction, acme: int, now: datetime) -> None:
    retry_at = now + timedelta(minutes=5)
    await record_circuit(
        transaction, acme, CircuitState.OPEN, reason="no answer", failures=8, at=now, retry_at=retry_at
    )


async def offer(transaction: Transaction, acme: int, now: datetime) -> None:
    await record_answers(transaction, acme, {"sims.list": now}, now)
    again = now + timedelta(days=1)
    await record_unavailable(
        transaction, acme, "usage.daily", unavailable_reason="not offered", status=404, at=now, retry_at=again
    )


async def streamer(transaction: Transaction, acme: int, now: datetime) -> None:
    await note_posts(transaction, acme, dict.fromkeys(("event", "usage"), now - timedelta(hours=9)), now)
    await settle(transaction, acme, now)


async def top_up(transaction: Transaction, acme: int, now: datetime) -> None:
    otto = operator(acme)
    asked = requests.top_up(ADAS_SIM, requests.PaymentMethod.CREDIT_CARD, reason="Ticket <7>")
    await writes.request(transaction, otto, asked, "one", now, undo=timedelta(seconds=30))


async def bulk_plan(transaction: Transaction, acme: int, now: datetime) -> None:
    otto = operator(acme)
    asked = requests.reset("", reason="Ticket <7>")
    await bulk_writes.plan(transaction, otto, asked, Selection(iccids=[ADAS_SIM]), "one", "one", now, stop_percent=5)


async def plan_begins(transaction: Transaction, acme: int, now: datetime) -> None:
    otto = operator(acme)
    begun = await begin_bulk_action(transaction, otto, 1, now, undo=timedelta(0))
    await bulk_writes.start_some(transaction, otto, begun, now, most=1)


async def bulk_action(transaction: Transaction, acme: int, now: datetime) -> None:
    await bulk_plan(transaction, acme, now)
    await plan_begins(transaction, acme, now)


async def approval(transaction: Transaction, acme: int, now: datetime) -> None:
    otto = operator(acme)
    asked = structs.replace(requests.reset(ADAS_SIM, reason="Ticket <7>"), approval_until=now + timedelta(hours=1))
    action, _ = await writes.request(transaction, otto, asked, "1", now, undo=timedelta(0))
    await bulk_writes.add_approval(transaction, otto, "It is <many>.", "Ticket <7>", now, action=action)


async def silence(transaction: Transaction, acme: int, now: datetime) -> None:
    asked = NewSilence(
        matchers=[Matcher(label=Label.OPERATOR, values=["T-Mobile <DE>"])],
        reason="Works until noon <announced>",
        ends_at=now + timedelta(hours=2),
    )
    await add_silence(transaction, acme, asked, "otto <x>", now, long=False)
