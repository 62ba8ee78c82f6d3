"""The time zones that a user may read times in."""

from collections.abc import Mapping, Sequence
from functools import cache
from zoneinfo import available_timezones

UTC = "UTC"
OF_BROWSER = "local"  # whichever zone the browser's machine is in
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def zones_by_region() -> Mapping[str, Sequence[str]]:
    """The zones of the IANA database that are named by a place, by region."""
    found: dict[str, list[str]] = {region: [] for region in REGIONS}
    for name in sorted(available_timezones()):
        region, slash, _ = name.partition("/")
        if slash and region in found:
            found[region].append(name)
    return found


def is_zone(name: str) -> bool:
    """Whether times can be read in it."""
    return name in (UTC, OF_BROWSER) or name in zones_by_region().get(name.partition("/")[0], ())
