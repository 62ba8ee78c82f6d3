"""What can be chosen of how the console is shown."""

from collections.abc import Callable, Mapping

from console.organizations.preferences import DENSITIES, NUMBER_FORMATS, WEEK_STARTS, are_columns
from console.users.zones import is_zone

START_PAGES = ("/", "/alerts", "/sims", "/events", "/actions", "/usage", "/quotas", "/sms", "/carrier", "/jobs")

KNOWN: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "zone": ("time zone", is_zone),
    "week_start": ("first day of a week", WEEK_STARTS.__contains__),
    "number_format": ("format of numbers", NUMBER_FORMATS.__contains__),
    "density": ("height of rows", DENSITIES.__contains__),
    "sim_columns": ("order of columns", are_columns),
    "start_page": ("page to begin with", START_PAGES.__contains__),
}


def preference_fault(name: str, value: str) -> str | None:
    """Why this can't be chosen, or None."""
    word, can_be = KNOWN[name]
    return None if can_be(value) else f"There is no {word} {value[:40]!r}"
