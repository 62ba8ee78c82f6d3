"""Asks 1NCE for the network events of SIMs, so that nothing is missing where no push came."""

from collections.abc import Sequence

from console.connectivity.writes import record_events
from console.once.streamer.records import Batch
from console.polling.rules import Kind
from console.sims.writes import record_checks
from console.streamer.writes import note_found
from jobs.intake.records import event_row
from jobs.polling.poll import poll
from jobs.run import Run, by_organization

AT_ONCE = 4
EVENTS = 1_000  # a page at the most; 1NCE promises no order, so only all of them are the latest
PAGES = 5


@by_organization(needs_once=True)
async def sync_connectivity(run: Run) -> None:
    """An event that is known already, by a push or an earlier poll, is not written again."""

    async def ask(iccid: str) -> Batch:
        found = await run.client.events(iccid, page_size=EVENTS)
        answer = found
        for page in range(2, PAGES + 1):
            if len(answer) < EVENTS:
                break
            answer = await run.client.events(iccid, page, EVENTS)
            found.events.extend(answer.events)
            found.unknown.extend(answer.unknown)
        return found

    async def keep(batch: Sequence[tuple[str, Batch]]) -> int:
        now = run.now()
        events = [
            {**event_row(event), "iccid": event.iccid or iccid} for iccid, answer in batch for event in answer.events
        ]
        async with run.db.transaction() as transaction:
            new = await record_events(transaction, run.organization_id, events, now)
            iccids = [iccid for iccid, _ in batch]
            await record_checks(transaction, run.organization_id, iccids, now, events_at=now)
            await note_found(transaction, run.organization_id, "event", [row["time"] for row in new])
        run.counted(failed=sum(len(answer.unknown) for _, answer in batch))
        return len(new)

    await poll(run, Kind.EVENTS, ask, keep, at_once=AT_ONCE)
