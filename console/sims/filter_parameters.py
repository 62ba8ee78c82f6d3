"""A filter of SIMs as the address of a list has it: `country=DE&country=FR&status_not=disabled&field.site=Berlin`."""

from collections.abc import Iterable

from console.sims.annotations_rules import CUSTOM, EXCLUDES, AnnotationRefused, field_name, field_value, fold_tag
from console.sims.rules import LEFT, TAG, Criterion, SimFilter
from console.sims.search import says_something
from console.unicode_text import normal

LOWER = ("connection", "status", "quota", LEFT)
FIELDS = (*LOWER, "country", "operator", "rat", "apn", "label")  # of SIMs, that take values as they are
OF_LABEL = ("has", "none")  # what the filter of labels takes beside their beginnings
LONGEST_VALUE = 200  # characters
MOST_VALUES = 50  # of one field
MOST_CRITERIA = 20


class FilterRefused(ValueError):
    """A filter that asks for too much, or for what can't be. The message is a sentence for whoever wrote it."""


def read_filter(parameters: Iterable[tuple[str, str]], q: str = "", *, masked: bool = False) -> SimFilter:
    """The filter among these parameters; empty values ask for nothing. Raises FilterRefused.

    `masked`: nothing is found by IMSI or MSISDN.
    """
    found: dict[tuple[str, bool], set[str]] = {}
    for name, value in parameters:
        if (known := criterion_of(name)) and value.strip() and (asked := _values(known[0], value)):
            values = found.setdefault(known, set())
            values |= set(asked)
    if len(found) > MOST_CRITERIA:
        raise FilterRefused(f"At most {MOST_CRITERIA} filters at once; these are {len(found)}.")
    for (field, _), values in found.items():
        if len(values) > MOST_VALUES:
            raise FilterRefused(f"At most {MOST_VALUES} values of {field[:40]} at once; these are {len(values)}.")
    criteria = (Criterion(field, tuple(sorted(values)), excluded) for (field, excluded), values in found.items())
    return SimFilter(q=q, criteria=tuple(sorted(criteria)), masked=masked)


def criterion_of(parameter: str) -> tuple[str, bool] | None:
    """The field that a parameter asks for and whether it excludes; None if it is no filter. Raises FilterRefused."""
    field = parameter.removesuffix(EXCLUDES)
    if field in FIELDS or field == TAG:
        return field, field != parameter
    if not field.startswith(CUSTOM):
        return None
    try:
        return CUSTOM + field_name(field.removeprefix(CUSTOM)), field != parameter
    except AnnotationRefused as error:
        raise FilterRefused(str(error)) from error


def parameters_of(wanted: SimFilter) -> list[tuple[str, str]]:
    """The criteria as parameters again, each value with its name."""
    return [(parameter_of(one), value) for one in wanted.criteria for value in one.values]


def parameter_of(one: Criterion) -> str:
    """The name of the parameter that asks for this."""
    return one.field + EXCLUDES if one.excluded else one.field


def _values(field: str, written: str) -> list[str]:
    """The value as it is stored; several tags may be divided by comma."""
    if len(written) > LONGEST_VALUE:
        raise FilterRefused(f"A value of {field[:40]} has at most {LONGEST_VALUE} characters.")
    try:
        if field == TAG:
            return [fold_tag(one) for one in written.split(",") if one.strip()]
        if field.startswith(CUSTOM):
            return [field_value(written)]
    except AnnotationRefused as error:
        raise FilterRefused(str(error)) from error
    value = written.strip()
    word = normal("NFKC", value).lower()
    if field == "label":
        return [word if word in OF_LABEL else written] if says_something(written) else []
    if word == "unknown" or field in LOWER:
        return [word]
    return [word.upper() if field == "country" else value]
