"""Sends notifications to their channels: each at least once, with the same id at each attempt."""

import asyncio
from collections import Counter

import httpx

from console import metrics
from console.log import logger
from console.notifications import chat, mail, reads, webhook
from console.notifications import deliveries_reads as delivery_reads
from console.notifications import deliveries_writes as writes
from console.notifications.deliveries_rules import (
    AT_ONCE,
    AT_ONCE_A_CHANNEL,
    AttemptOutcome,
    DeliveryState,
    Ended,
)
from console.notifications.deliveries_writes import Claimed
from console.notifications.reads import Destination
from console.notifications.rules import ChannelKind
from console.notifications.writes import disable_channel, withdraw_delivery
from console.organizations.flags import Flag, said_of
from console.organizations.reads import stopped
from console.silences.writes import gather_held
from jobs.run import Run, by_organization

LOOK_SECONDS = 0.5  # while attempts are under way: a receiver that does not answer keeps nobody else waiting
UNKNOWN = Ended(outcome=AttemptOutcome.FAILED, answer="The channel leads nowhere any more", permanent=True)
GONE = "The receiver answered 410: it wants no notifications any more"


async def work_waits(run: Run) -> bool:
    """Whether anything is due, or was lost on its way."""
    async with run.db.reading() as connection:
        return await delivery_reads.work_waits(connection, run.organization_id, run.now())


@by_organization(needs_once=False, alone=False, work_waits=work_waits)
async def deliver(run: Run) -> None:
    """Until none is due. Several workers may do so at once: each attempt is claimed by one."""
    under_way: dict[asyncio.Task[None], int] = {}
    client = await webhook.new_client()
    try:
        while True:
            for claimed, destination in await _claimed(run, under_way):
                task = asyncio.create_task(_attempt(run, client, claimed, destination))
                under_way[task] = claimed.channel_id
            if not under_way:
                return
            done, _ = await asyncio.wait(under_way, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                del under_way[task]
                if (error := task.exception()) is not None:
                    logger("jobs").error("an attempt at a delivery broke off, it will be made again", exc_info=error)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await client.aclose()


async def _claimed(run: Run, under_way: dict[asyncio.Task[None], int]) -> list[tuple[Claimed, Destination | None]]:
    """Some that are due, each with where it goes."""
    if (most := AT_ONCE - len(under_way)) <= 0:
        return []
    busy = [channel for channel, number in Counter(under_way.values()).items() if number >= AT_ONCE_A_CHANNEL]
    async with run.db.transaction() as transaction:
        await gather_held(transaction, run.organization_id, run.now())
        found = await writes.claim(transaction, run.organization_id, run.now(), most=most, busy=busy)
        run.counted(seen=len(found))
        destinations = await reads.destinations(
            transaction.connection,
            run.worker.settings.secret_key,
            run.organization_id,
            [claimed.channel_id for claimed in found],
            run.now(),
        )
    return [(claimed, destinations.get(claimed.channel_id)) for claimed in found]


async def _attempt(run: Run, client: httpx.AsyncClient, claimed: Claimed, destination: Destination | None) -> None:
    async with run.db.transaction() as transaction:
        stop = await stopped(transaction.connection, run.organization_id, Flag.OUTSIDE_NOTIFICATIONS)
        if stop is not None:
            why, now = said_of(stop), run.now()
            await withdraw_delivery(transaction, run.organization_id, claimed.id, claimed.claim, why, now)
            return
        if not await writes.note_sending(transaction, run.organization_id, claimed, run.now()):
            return
    settings, kind = run.worker.settings, destination.kind if destination else "none"
    if destination is None:
        ended = UNKNOWN
    elif destination.kind is ChannelKind.MAIL:
        ended = await mail.send(settings, destination.target, claimed)
    elif destination.kind is ChannelKind.CHAT:
        ended = await chat.send(settings, destination.target, claimed)
    else:
        ended = await webhook.post(client, destination.target, destination.keys, claimed, settings, run.now())
    metrics.delivery_attempts.labels(kind, ended.outcome.value).inc()
    now = run.now()
    async with run.db.transaction() as transaction:
        state = await writes.end(transaction, run.organization_id, claimed, ended, now)
        if ended.gone:
            await disable_channel(transaction, run.organization_id, claimed.channel_id, GONE, now)
    if state is DeliveryState.DELIVERED:
        metrics.delivery_seconds.labels(kind).observe((now - claimed.requested_at).total_seconds())
    run.counted(changed=int(state is DeliveryState.DELIVERED), failed=int(state is not DeliveryState.DELIVERED))
