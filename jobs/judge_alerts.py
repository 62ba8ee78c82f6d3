"""Judges alert rules: what has changed since the last judging, and once a minute what time alone makes true."""

from console.alerts.judging.judge import judge
from console.alerts.judging.looking import is_due
from jobs.run import Run, by_organization


async def work_waits(run: Run) -> bool:
    """Whether judging would change anything."""
    async with run.db.reading() as connection:
        return await is_due(connection, run.organization_id, run.now())


@by_organization(needs_once=False, work_waits=work_waits)
async def judge_alerts(run: Run) -> None:
    """Each transaction judges some thousand changes and forgets them; a worker that is lost forgets none."""
    more = True
    while more:
        async with run.db.transaction() as transaction:
            judged = await judge(transaction, run.organization_id, run.now())
        run.counted(seen=judged.sims, changed=judged.alerts)
        more = judged.more
