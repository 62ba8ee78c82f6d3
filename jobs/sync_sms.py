"""Asks 1NCE for messages: of SIMs on a screen, of those with one under way, and of all others before it forgets."""

import time
from datetime import timedelta

from console.connectivity.turns import on_screen
from console.log import logger
from console.once.errors import OnceError, SignInRefused, Throttled, Unavailable
from console.sims.writes import record_checks
from console.sms.reads import to_ask
from console.sms.writes import record_messages
from jobs.records import listed_message
from jobs.running import Run, by_organization

SECONDS = 50.0
SOON = timedelta(minutes=2)  # on a screen, or a message under way
LATEST = timedelta(days=5)  # 1NCE forgets a message after seven
SCREEN = 50  # a list shows five hundred SIMs, and no message of them
log = logger("jobs")


@by_organization(needs_once=True)
async def sync_sms(run: Run) -> None:
    """One SIM after the other, as long as the minute lasts. A message that is known already is not written again."""
    now, until = run.now(), time.monotonic() + SECONDS
    screen = (await on_screen(run.db.redis, run.organization_id, now))[-SCREEN:]
    async with run.db.reading() as connection:
        due = await to_ask(connection, run.organization_id, screen, now, soon=SOON, latest=LATEST)
    for iccid in due:
        if time.monotonic() > until:
            return
        await _ask(run, iccid)


async def _ask(run: Run, iccid: str) -> None:
    try:
        page = await run.client.sms_list(iccid)
        listed, unreadable = page.items, len(page.unreadable)
    except (Throttled, Unavailable, SignInRefused):
        raise
    except OnceError as error:
        log.warning("no messages that can be read", iccid=iccid, reason=str(error))
        listed, unreadable = [], 1
    now = run.now()
    async with run.db.transaction() as transaction:
        await record_checks(transaction, run.organization_id, [iccid], now, sms_at=now)
        messages = [listed_message(one, iccid, now) for one in listed]
        changed = await record_messages(transaction, run.organization_id, messages, now)
    run.counted(seen=1, changed=len(changed), failed=unreadable)
