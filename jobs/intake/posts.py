"""Writes down what a batch of pushed records says, so that a record that came before changes nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter

from msgspec import Struct, field, structs

from console import metrics
from console.connectivity.reads import places
from console.connectivity.rules import Place, after
from console.connectivity.writes import record_event_values, record_statuses
from console.facts.sms import Sms
from console.once.streamer.events import EventRecord
from console.once.streamer.records import Batch
from console.quotas.writes import explain
from console.sms.reads import sims_of
from console.sms.writes import record_messages
from console.store.bulk import Records, Row
from console.store.database import Transaction
from console.store.giving_way import by_parts
from console.streamer.posts_writes import keep_unknown
from console.usage.writes import in_turn, record_usage
from jobs.intake.records import event_effect, event_values, message, usage_row
from jobs.run import Run

KINDS = ("event", "usage", "sms")
SIMS_AT_ONCE = 250  # of some ten events each
UNKNOWN_MESSAGE = "a report on a message that is not known, and names no SIM"


class Post(Struct, frozen=True):
    """What was posted, and by whom: "streamer" for the Data Streamer, "forwarder" for the SMS Forwarder."""

    records: Batch
    source: str
    received_at: datetime


class IntakeResult(Struct, frozen=True, kw_only=True):
    """What posts have brought: of each kind how many records there were, and how many were new."""

    seen: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    new: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    unknown: int = 0
    came: dict[str, datetime] = field(default_factory=dict)  # when the Data Streamer last brought each kind

    @classmethod
    def together(cls, several: "Sequence[IntakeResult]") -> "IntakeResult":
        """All of them added up."""
        return cls(
            seen={kind: sum(one.seen[kind] for one in several) for kind in KINDS},
            new={kind: sum(one.new[kind] for one in several) for kind in KINDS},
            unknown=sum(one.unknown for one in several),
            came=_latest((kind, at) for one in several for kind, at in one.came.items()),
        )


def _latest(came: Iterable[tuple[str, datetime]]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for kind, at in came:
        found[kind] = max(at, found.get(kind, at))
    return found


async def take_in(run: Run, transaction: Transaction, posts: Sequence[Post]) -> IntakeResult:
    """Write the records and publish what is new. Others who write usage wait from the middle of it to the commit."""
    organization_id, now = run.organization_id, run.now()
    events = [event for post in posts for event in post.records.events]
    usage = [record for post in posts for record in post.records.usage]
    unknown = [(record.raw, record.why) for post in posts for record in post.records.unknown]
    rows = [usage_row(record) for record in usage]
    values: Records = []
    async for part in by_parts(events):
        values += [event_values(organization_id, event) for event in part]
    new_events = await record_event_values(transaction, organization_id, values, now)
    await in_turn(transaction, organization_id)
    incomplete = {(record.iccid, record.id) for record in usage if record.iccid and not record.complete}
    new_usage = await record_usage(transaction, organization_id, rows, now, incomplete=incomplete)
    await explain(transaction, organization_id, new_usage)
    await _move(transaction, organization_id, events, now)
    new_sms = 0
    lost: list[tuple[bytes, str]] = []
    for post in posts:
        new, without = await _messages(transaction, organization_id, post, now)
        new_sms, lost = new_sms + new, lost + without
    await keep_unknown(transaction, organization_id, unknown + lost, now)
    sms = sum(len(post.records.sms) for post in posts) - len(lost)
    return IntakeResult(
        seen={"event": len(events), "usage": len(rows), "sms": sms},
        new={"event": len(new_events), "usage": len(new_usage), "sms": new_sms},
        unknown=len(unknown) + len(lost),
        came=_latest((kind, post.received_at) for post in posts for kind in _kinds(post.records)),
    )


def _kinds(batch: Batch) -> list[str]:
    return [kind for kind, records in (("event", batch.events), ("usage", batch.usage)) if records]


def count(run: Run, taken: IntakeResult) -> None:
    """Put it into the run's tally and the figures. Call it after the commit."""
    run.counted(seen=sum(taken.seen.values()) + taken.unknown, changed=sum(taken.new.values()), failed=taken.unknown)
    for kind, new in taken.new.items():
        metrics.streamer_records.labels(kind, "new").inc(new)
        metrics.streamer_records.labels(kind, "known").inc(max(0, taken.seen[kind] - new))
    metrics.streamer_records.labels("unknown", "kept").inc(taken.unknown)


async def _messages(
    transaction: Transaction, organization_id: int, post: Post, now: datetime
) -> tuple[int, list[tuple[bytes, str]]]:
    """How many messages are new or have changed, and the reports that belong to none."""
    records = post.records.sms
    if not records:
        return 0, []
    nameless = [record.id for record in records if record.iccid is None]
    owners = await sims_of(transaction.connection, organization_id, nameless) if nameless else {}
    messages: list[Sms] = []
    lost: list[tuple[bytes, str]] = []
    for record in records:
        if (iccid := record.iccid or owners.get(record.id)) is not None:
            messages.append(message(record, iccid, now, post.source))
        else:
            lost.append((record.raw or b"", UNKNOWN_MESSAGE))
    return len(await record_messages(transaction, organization_id, messages, now)), lost


async def _move(transaction: Transaction, organization_id: int, events: Sequence[EventRecord], now: datetime) -> None:
    """What the events say of where their SIMs are now, in the order in which they happened."""
    by_iccid: dict[str, list[EventRecord]] = {}
    async for part in by_parts(events):
        for event in part:
            if event.iccid is not None:
                by_iccid.setdefault(event.iccid, []).append(event)
    known = await places(transaction.connection, organization_id, sorted(by_iccid)) if by_iccid else {}
    moved: list[Row] = []
    async for some in by_parts([*by_iccid.items()], SIMS_AT_ONCE):
        for iccid, theirs in some:
            place = before = known.get(iccid, Place())
            for event in sorted(theirs, key=attrgetter("time", "id")):
                shown = event_effect(event)
                place = after(place, shown if shown.time <= now else structs.replace(shown, time=now))
            if place != before:
                moved.append({"iccid": iccid, **structs.asdict(place)})
    if moved:
        await record_statuses(transaction, organization_id, moved, now, "streamer")
