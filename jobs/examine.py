"""What 1NCE answers to each organization's account: for `console doctor`."""

from typing import TypedDict

from console.database import open_database
from console.once.errors import OnceError, SignInRefused
from console.organizations import reads
from console.settings import Settings
from jobs.accounts import Accounts


class Examined(TypedDict):
    """One organization's account: whether it opens the door, and what to do if not."""

    organization: str
    well: bool
    found: str
    advice: str


async def examine(settings: Settings) -> list[Examined]:
    """Sign in for each organization and look at its inventory."""
    db = open_database(settings.database_url, settings.redis_url, connections=2)
    accounts = Accounts(settings, db)
    try:
        async with db.reading() as connection:
            organizations = await reads.every(connection)
        return [await _one(accounts, found) for found in organizations]
    finally:
        await accounts.close()
        await db.close()


async def _one(accounts: Accounts, organization: reads.Organization) -> Examined:
    def said(well: bool, found: str, advice: str = "") -> Examined:
        return {"organization": organization.slug, "well": well, "found": found, "advice": advice}

    client = await accounts.client(organization.id)
    if client is None:
        return said(
            False, "no account at 1NCE", f"Run `console org add {organization.slug}` with its client id and secret."
        )
    try:
        total = await client.check()
    except SignInRefused as error:
        advice = "Make credentials in 1NCE's portal: Account, Management API Access."
        return said(False, f"the sign-in is refused: {error}", advice)
    except OnceError as error:
        return said(False, str(error), "If 1NCE is up, check ONCE_BASE_URL and that this machine may reach it.")
    return said(True, f"signed in; {'an unknown number of' if total is None else total} SIMs")
