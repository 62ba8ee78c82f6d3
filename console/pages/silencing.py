"""The form of a silence, filled in with what a list of SIMs is filtered by, where a silence can say the same."""

from collections.abc import Iterable
from urllib.parse import urlencode

from console.pages.texts import fields
from console.sims.counts_reads import Kind
from console.sims.rules import TAG, Criterion, SimFilter, spelled
from console.sims.search import Search

LONGEST = 3_000  # characters of one field of the form
UNKNOWN = "unknown"


def silence_address(wanted: SimFilter, searched: Search, kinds: Iterable[Kind]) -> str | None:
    """The address of the form; None where no silence is about just these SIMs."""
    asked: dict[str, list[str]] = {}
    if wanted.q:
        asked["iccid"] = [one.iccid for one in searched.identifiers if one.iccid] if searched.iccids_alone else []
    for one in wanted.criteria:
        name, values = _field(one, kinds)
        asked[name] = [] if name in asked else values  # some, and none of others
    said = {name: ", ".join(fields({"": value})[""] for value in values) for name, values in asked.items()}
    if not all(0 < len(text) <= LONGEST for text in said.values()) or not said.keys() - {"not_tag"}:
        return None
    return f"/silences?{urlencode(said)}#make-silence"


def _field(one: Criterion, kinds: Iterable[Kind]) -> tuple[str, list[str]]:
    """The field that says this, and its values; no values where none can. A list asks for all its tags."""
    if one.field == TAG and one.excluded:
        return "not_tag", [*one.values]
    if one.excluded or UNKNOWN in one.values:
        return one.field, []
    if one.field == TAG:
        return TAG, [*one.values] if len(one.values) == 1 else []
    if one.field == "country":
        return "country", [*one.values]
    if one.field != "operator":
        return one.field, []
    asked = {spelled("operator", value) for value in one.values}
    known = {kind.operator for kind in kinds if kind.operator and kind.sims > 0}
    named = sorted(name for name in known if spelled("operator", name) in asked)  # as alerts have it, each way
    return "operator", named if {spelled("operator", name) for name in named} == asked else []
