"""Looks for the effects of actions, and ends what was lost or is too late."""

import asyncio
from collections import defaultdict

from console.actions.sending_reads import Sought, due, waits
from console.actions.sending_rules import Finding
from console.actions.sending_writes import expire, take_lost_claims
from console.actions.sending_writes import settle as settle_action
from console.actions.unpaid_writes import record_unpaid
from console.facts.actions import Action, ActionState
from console.once.errors import CircuitOpen, OnceError
from console.store.database_time import database_time
from jobs.actions.evidence import Evidence
from jobs.run import Run, by_organization

AT_ONCE = 200
TOGETHER = 4  # are looked for side by side: most of the time each waits for 1NCE


async def work_waits(run: Run) -> bool:
    """Whether there is anything to end, or to look for."""
    async with run.db.reading() as connection:
        return await waits(connection, run.organization_id, run.now())


@by_organization(needs_once=False, work_waits=work_waits)
async def settle(run: Run) -> None:
    """Claims of lost workers end first, then what has expired, then each effect that is due is looked for.

    An action about which 1NCE can't be asked now is looked at again later.
    """
    async with run.db.transaction() as transaction:
        await take_lost_claims(transaction, run.organization_id, run.now())
        await expire(transaction, run.organization_id, run.now())
    client = await run.worker.once_clients.client(run.organization_id)
    if client is None:
        return
    async with run.db.reading() as connection:
        found = await due(connection, run.organization_id, run.now(), limit=AT_ONCE)
        ahead = run.now() - await database_time(connection)  # so much is this worker's clock, or behind
    evidence = Evidence(run, client, lambda: run.now() - ahead)
    locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # of two messages alike one finds what was sent
    first: Exception | None = None
    for at in range(0, len(found), TOGETHER):
        some = found[at : at + TOGETHER]
        looked_for = (_settle(run, evidence, sought, locks[sought.action.iccid]) for sought in some)
        for failure in await asyncio.gather(*looked_for, return_exceptions=True):
            if isinstance(failure, CircuitOpen) or not isinstance(failure, Exception | None):
                raise failure
            first = first or failure
    if first is not None:  # a fault of ours at one holds up no other
        raise first


async def _settle(run: Run, evidence: Evidence, sought: Sought, of_its_sim: asyncio.Lock) -> None:
    async with of_its_sim:
        finding = None
        try:
            finding = await evidence.of(sought)
        except CircuitOpen:
            if sought.unpaid is not None:  # it was asked for just now: not answered is said at once
                await _record(run, sought, None)
            raise
        except OnceError as error:
            run.tally.error = str(error)
            run.counted(failed=1)
        action = await _record(run, sought, finding)
    run.counted(seen=1, changed=int(action is not None))


async def _record(run: Run, sought: Sought, finding: Finding | None) -> Action | None:
    confirmed = finding is not None and finding.state is ActionState.CONFIRMED
    record = settle_action if sought.unpaid is None or confirmed else record_unpaid
    async with run.db.transaction() as transaction:
        return await record(transaction, run.organization_id, sought, finding, run.now())
