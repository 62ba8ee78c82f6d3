"""Asks 1NCE for messages: of SIMs with one under way, on a screen, and of all others before it forgets."""

from collections.abc import Sequence

from console.once.models import SmsPage
from console.polling.rules import Kind
from console.sims.writes import record_checks
from console.sms.writes import record_messages
from jobs.intake.records import listed_message
from jobs.polling.poll import poll
from jobs.run import Run, by_organization

AT_ONCE = 2


@by_organization(needs_once=True)
async def sync_sms(run: Run) -> None:
    """A message that is known already is not written again."""

    async def keep(batch: Sequence[tuple[str, SmsPage]]) -> int:
        now = run.now()
        messages = [listed_message(one, iccid, now) for iccid, page in batch for one in page.items]
        async with run.db.transaction() as transaction:
            await record_checks(transaction, run.organization_id, [iccid for iccid, _ in batch], now, sms_at=now)
            changed = await record_messages(transaction, run.organization_id, messages, now)
        run.counted(failed=sum(len(page.unreadable) for _, page in batch))
        return len(changed)

    await poll(run, Kind.SMS, run.client.sms_list, keep, at_once=AT_ONCE)
