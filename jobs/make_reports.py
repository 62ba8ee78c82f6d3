"""Makes the daily report of each organization, once its hour has come."""

from console.organizations.reads import created_at
from console.reports.figures import figures
from console.reports.reads import kept, settings_of
from console.reports.rules import due_day
from console.reports.writes import keep
from jobs.run import Run, by_organization


async def _is_due(run: Run) -> bool:
    """Whether the report of the latest day that is over is still to be made; somebody may ask for the first."""
    now = run.now()
    async with run.db.reading() as reading:
        day = due_day(now, (await settings_of(reading, run.organization_id)).hour)
        if run.request is None and (await created_at(reading, run.organization_id)).date() > day:
            return False
        return await kept(reading, run.organization_id, day) is None


@by_organization(needs_once=False, work_waits=_is_due)
async def make_reports(run: Run) -> None:
    """Of the latest day that is over alone: how SIMs and alerts stood on an earlier one is not known any more."""
    if not await _is_due(run):
        return
    now = run.now()
    async with run.db.reading() as reading:
        day = due_day(now, (await settings_of(reading, run.organization_id)).hour)
        report = await figures(reading, run.organization_id, day, now)
    async with run.db.transaction() as transaction:
        made = await keep(
            transaction, run.organization_id, report, next(iter(run.worker.settings.public_origin), ""), now
        )
    run.counted(seen=1, changed=int(made))
