"""The flags that an organization can change: each with its name, what it decides, and what it is by default.

A flag that stops something is asked for in the database right before that is done (`stopped`), whatever a process
keeps of it (`flags_kept.py`).
"""

from enum import StrEnum

from msgspec import Struct

from console.errors import Invalid, NotFound
from console.facts.flags import FlagState
from console.unicode_text import is_visible

LONGEST_OWNER, LONGEST_REASON = 100, 300


class Flag(StrEnum):
    """The name of each flag."""

    SPENDING = "spending"
    OUTSIDE_NOTIFICATIONS = "outside_notifications"


class FlagDefinition(Struct, frozen=True, kw_only=True):
    """A flag. `stops`: what is said of it while it is off."""

    name: Flag
    means: str
    stops: str
    on_by_default: bool = True


FLAGS = (
    FlagDefinition(
        name=Flag.SPENDING,
        means="On: top-ups may be asked for, and are sent to 1NCE. Off: none is taken, and those that wait end as "
        "refused.",
        stops="Top-ups are stopped",
    ),
    FlagDefinition(
        name=Flag.OUTSIDE_NOTIFICATIONS,
        means="On: notifications are sent to channels outside. Off: those that are due are withdrawn, and can be sent "
        "again from the page Notifications.",
        stops="Outside notifications are stopped",
    ),
)
BY_NAME = {one.name.value: one for one in FLAGS}


def definition_of(name: str) -> FlagDefinition:
    """The flag of this name. Raises NotFound if there is none."""
    if name not in BY_NAME:
        raise NotFound("There is no such flag")
    return BY_NAME[name]


def said_of(state: FlagState) -> str:
    """What is said of something that a flag has stopped: since when, by whom, and why."""
    since = f" since {state.changed_at:%Y-%m-%d %H:%M} UTC" if state.changed_at else ""
    by = f" by {state.changed_by}: {state.reason}" if state.changed_by else ""
    return f"{BY_NAME[state.name].stops}{since}{by}"


def checked_text(text: str, what: str, longest: int) -> str:
    """The text on one line. Raises Invalid if it says nothing, or is too long."""
    found = " ".join(text.split())
    if not 1 < len(found) <= longest or not is_visible(found):
        raise Invalid(f"{what} has 2 to {longest} printable characters")
    return found
