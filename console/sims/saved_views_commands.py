"""What people and programs do with saved views: save, change, remove, open the list with one."""

from datetime import UTC, datetime

from console.acting import Act
from console.errors import NotFound
from console.organizations.rules import Caller
from console.sims import saved_views_reads as reads
from console.sims import saved_views_writes as writes
from console.sims.saved_views_rules import SavedView, owner_of
from console.store.database import Transaction


async def save(
    transaction: Transaction,
    act: Act,
    caller: Caller,
    name: str,
    query: str,
    *,
    shared: bool,
    default: bool,
    number: int | None = None,
) -> SavedView:
    """A new view, or the one with this number as it is now. Raises as `put_view` and `owner_of` do."""
    connection, organization_id = transaction.connection, caller.organization_id
    before = None if number is None else await found(transaction, caller, number)
    if before is not None:
        owner_of(caller, shared=before.shared)
        act.before = {"name": before.name, "query": before.query, "shared": before.shared}
    owner = owner_of(caller, shared=shared)
    made = await writes.put_view(
        transaction, organization_id, owner, name, query, caller.name, datetime.now(UTC), number
    )
    if caller.user_id is not None and (default or (before is not None and before.default)):
        await writes.put_default(transaction, organization_id, caller.user_id, made if default else None)
    saved = await reads.view(connection, organization_id, caller.user_id, made)
    if saved is None:
        raise NotFound("There is no such view", saved_view=made)
    act.subject, act.after = str(made), {"name": saved.name, "query": saved.query, "shared": shared}
    return saved


async def remove(transaction: Transaction, act: Act, caller: Caller, number: int) -> None:
    """Remove a view of one's own, or a shared one. Raises NotFound, NotAllowed."""
    before = await found(transaction, caller, number)
    owner_of(caller, shared=before.shared)
    act.before = {"name": before.name, "query": before.query, "shared": before.shared}
    await writes.remove_view(transaction, caller.organization_id, number)


async def found(transaction: Transaction, caller: Caller, number: int) -> SavedView:
    """A view that this caller has. Raises NotFound."""
    known = 0 < number < 2**31
    view = await reads.view(transaction.connection, caller.organization_id, caller.user_id, number) if known else None
    if view is None:
        raise NotFound("There is no such view", saved_view=number)
    return view
