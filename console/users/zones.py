"""The time zones that may be chosen: those of the IANA database that mean the same on every machine."""

from collections.abc import Mapping, Sequence
from functools import cache
from zoneinfo import available_timezones

UTC = "UTC"
OF_BROWSER = "local"  # whichever zone the browser's machine is in
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")

OF_MACHINES = ("localtime", "posixrules", "Factory")  # names that mean what a machine is set to, or nothing
COPIES = ("posix/", "right/")  # of the database, the second with leap seconds


@cache
def zone_names() -> frozenset[str]:
    """Every name of a zone, with those that are kept for older ones: "Europe/Berlin", "UTC", "EST", "Etc/GMT+1"."""
    return frozenset(name for name in available_timezones() - {*OF_MACHINES} if not name.startswith(COPIES))


@cache
def zones_by_region() -> Mapping[str, Sequence[str]]:
    """The zones of the IANA database that are named by a place, by region."""
    found: dict[str, list[str]] = {region: [] for region in REGIONS}
    for name in sorted(zone_names()):
        region, slash, _ = name.partition("/")
        if slash and region in found:
            found[region].append(name)
    return found


def is_zone(name: str) -> bool:
    """Whether times can be read in it."""
    return name in (UTC, OF_BROWSER) or name in zones_by_region().get(name.partition("/")[0], ())
