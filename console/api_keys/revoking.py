"""An API key is revoked, and with it those that it made: whoever has stolen it keeps none."""

from datetime import datetime

from console.acting import Act, Actor, acting
from console.api_keys.reads import by_prefix, keys_made_with
from console.api_keys.writes import revoke_key
from console.organizations.rules import Caller
from console.store.database import Transaction

BECAUSE = "the key that made it was revoked"


async def revoke(
    transaction: Transaction,
    who: Caller | Actor,
    act: Act,
    prefix: str,
    now: datetime,
    *,
    organization_id: int | None = None,
) -> None:
    """End a key, named by the part that may be shown, in the command `act`; those that it made, in others.

    Raises NotFound as `revoke_key` does.
    """
    connection = transaction.connection
    found = await by_prefix(connection, prefix)
    act.before = await revoke_key(transaction, prefix, now, organization_id=organization_id)
    if found is None:
        return
    for made in await keys_made_with(connection, found.organization_id, found.id):
        of = found.organization_id
        async with acting(transaction, who, "key.revoke", made.prefix, organization_id=of) as each:
            each.after = {"because": BECAUSE}
            await revoke(transaction, who, each, made.prefix, now, organization_id=of)
