"""Which values of a filter mean something: of fields that have few, no SIM can have another."""

import re

from console.errors import Invalid
from console.facts.sims import Connection
from console.sims.days_left import BANDS
from console.sims.rules import LEFT, QUOTAS, SimFilter

UNKNOWN = "unknown"
OF_FEW = {"quota": QUOTAS, LEFT: BANDS, "connection": (*Connection, UNKNOWN)}
OF_LISTS = ("quota", LEFT)  # whose values the API's lists of SIMs refuse
STATUSES = ("enabled", "disabled", UNKNOWN)  # beside 1NCE's own words
COUNTRY = re.compile(rf"[A-Z]{{2}}|{UNKNOWN}")


def check_values(wanted: SimFilter, fields: tuple[str, ...] = (*OF_FEW,)) -> None:
    """Raises Invalid, which names the field, for a value of these fields that no SIM can have."""
    for one in wanted.criteria:
        if one.field in fields and (wrong := [value for value in one.values if value not in OF_FEW[one.field]]):
            raise Invalid(f"{one.field} is one of {', '.join(OF_FEW[one.field])}", **{one.field: wrong[0]})


def check_countries(wanted: SimFilter) -> None:
    """Raises Invalid for a country that is not written in two letters."""
    for value in (value for one in wanted.criteria if one.field == "country" for value in one.values):
        if not COUNTRY.fullmatch(value):
            raise Invalid(f"country is two letters (DE), or {UNKNOWN}", country=value[:40])


def statuses_in(wanted: SimFilter) -> set[str]:
    """The statuses that are asked for and are 1NCE's own words, if they are any."""
    return {value for one in wanted.criteria if one.field == "status" for value in one.values} - {*STATUSES}
