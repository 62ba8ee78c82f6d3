"""How an organization begins: with its first administrator."""

from datetime import datetime

from console.members.writes import add_member
from console.organizations.names import checked_name
from console.organizations.rules import Role
from console.organizations.writes import add
from console.settings import Settings
from console.store.database import Transaction


async def found_organization(
    transaction: Transaction, settings: Settings, slug: str, name: str, user_id: int, now: datetime
) -> int:
    """Make an organization with this user as its first administrator; its id.

    Raises Invalid for a slug or a name that can't be, Conflict for a slug that is taken.
    """
    columns = {
        "name": checked_name(name),
        "once_base_url": settings.once_base_url,
        "once_requests_per_second": settings.once_requests_per_second,
    }
    organization_id = await add(transaction, settings.secret_key, slug.strip(), now, columns, {})
    await add_member(transaction, organization_id, user_id, Role.ADMIN, now)
    return organization_id
