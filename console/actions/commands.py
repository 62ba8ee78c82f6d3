"""An action is asked for within a command: its audit line says what, and which action was made of it."""

from datetime import UTC, datetime, timedelta

from console.acting import Act
from console.actions import requests, writes
from console.actions.requests import Asked
from console.facts.actions import Action
from console.organizations.rules import Caller
from console.settings import Settings
from console.store.database import Transaction


async def ask(
    transaction: Transaction, act: Act, caller: Caller, asked: Asked, key: str, settings: Settings
) -> tuple[Action, bool]:
    """The action, and whether the key had made it before. Raises as `requests` and `writes.request` do."""
    now, undo = datetime.now(UTC), timedelta(seconds=settings.undo_seconds)
    checked = requests.checked_key(key)
    action, replayed = await writes.request(transaction, caller, asked, checked, now, undo=undo)
    act.after = {"action": action.id, "replayed": replayed, "reason": asked.reason, **asked.parameters}
    return action, replayed
