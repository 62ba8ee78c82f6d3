"""Tries an organization's credentials at 1NCE, because an administrator asked."""

from console.once.errors import OnceError
from console.organizations.writes import record_check
from jobs.run import Run, by_organization


@by_organization(needs_once=True)
async def check_credentials(run: Run) -> None:
    """Signs in and asks how many SIMs there are; what 1NCE answered is on the page of the organization."""
    run.counted(seen=1)
    try:
        total = await run.client.check()
        accepted, found = True, f"signed in; {'an unknown number of' if total is None else f'{total:,}'} SIMs"
    except OnceError as error:
        accepted, found = False, str(error)
    async with run.db.transaction() as transaction:
        await record_check(transaction, run.organization_id, run.now(), accepted=accepted, found=found)
