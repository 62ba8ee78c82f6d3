"""Judges alert rules: what has changed since the last judging, and once a minute what time alone makes true."""

from console.alerts.judging.judge import judge
from jobs.run import Run, by_organization


@by_organization(needs_once=False)
async def judge_alerts(run: Run) -> None:
    """Each transaction judges some thousand changes and forgets them; a worker that is lost forgets none."""
    more = True
    while more:
        async with run.db.transaction() as transaction:
            judged = await judge(transaction, run.organization_id, run.now())
        run.counted(seen=judged.sims, changed=judged.alerts)
        more = judged.more
