"""What people do about who is on call; and what the audit line says of it."""

from collections.abc import Sequence
from datetime import date

from msgspec import to_builtins

from console.acting import Act
from console.errors import NotFound
from console.notifications import on_call_reads as reads
from console.notifications import on_call_writes as writes
from console.notifications.on_call import PrioritySetting, Rota
from console.organizations.rules import Caller
from console.store.database import Transaction


def day_of(text: str) -> date:
    """The day in a path. Raises NotFound for what is none."""
    try:
        if len(text) != len("2026-11-20"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotFound("There is no such day", day=text[:40]) from error


async def change_rota(
    transaction: Transaction, act: Act, caller: Caller, rota: Rota, *, expected: int | None = None
) -> None:
    """Set the order. Raises Invalid, and Changed if `expected` is not its revision."""
    before, _ = await reads.settings_of(transaction.connection, caller.organization_id)
    act.before, act.after = {"rota": to_builtins(before)}, {"rota": to_builtins(rota)}
    await writes.put_rota(transaction, caller.organization_id, rota, expected=expected)


async def change_priorities(
    transaction: Transaction, act: Act, caller: Caller, wanted: Sequence[PrioritySetting]
) -> None:
    """Set what each priority does. Raises Invalid."""
    _, before = await reads.settings_of(transaction.connection, caller.organization_id)
    act.before, act.after = {"items": to_builtins(before)}, {"items": to_builtins(wanted)}
    await writes.put_priorities(transaction, caller.organization_id, wanted)


async def override(transaction: Transaction, act: Act, caller: Caller, day: date, name: str | None) -> None:
    """Put somebody on call for a day, or with None the usual person again. Raises Invalid."""
    before = await reads.overrides_of(transaction.connection, caller.organization_id)
    act.before, act.after = {"name": before.get(day)}, {"name": name}
    await writes.put_override(transaction, caller.organization_id, day, name, caller.name)
