"""The filters of the list of SIMs as people see them: what can be chosen, and what was, as chips."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct, structs

from console.pages.sim_list import USUAL_ROWS
from console.sims.annotations_rules import CUSTOM
from console.sims.days_left import BANDS, DAYS
from console.sims.facets import Facets
from console.sims.filter_parameters import parameter_of, parameters_of
from console.sims.rules import LEFT, TAG, Criterion, SimFilter, spelled

PATH = "/sims"
UNKNOWN = "unknown"
PLAIN = {"page": 1, "page_size": USUAL_ROWS}  # what the address need not say
TITLES = {
    "connection": "Connection",
    "status": "SIM status",
    "quota": "Quota",
    "country": "Country",
    "operator": "Operator",
    "rat": "RAT",
    "apn": "APN",
    TAG: "Tag",
    "label": "Label",
    LEFT: "Days left",
}
CHOICES = {
    "connection": ("online", "attached", "offline", "blocked", UNKNOWN),
    "status": ("enabled", "disabled", UNKNOWN),
    "quota": ("ok", "low", "exhausted", "expired", UNKNOWN),
    LEFT: BANDS,
    "operator": (UNKNOWN,),
    "rat": (UNKNOWN,),
    "apn": (UNKNOWN,),
    TAG: (),
    "label": ("has", "none"),
}
TEXTS = {
    ("quota", "ok"): "over 20 %",
    ("label", "has"): "has one",
    ("label", "none"): "has none",
    **{
        (LEFT, str(high)): f"{low} to {high} d" if low else f"under {high} d"
        for low, high in zip((0, *DAYS), DAYS, strict=False)
    },
    (LEFT, "later"): f"over {DAYS[-1]} d",
    (LEFT, "unmeasured"): "no forecast",
    (LEFT, UNKNOWN): "quota not known",
}
MOST_OPERATORS = 8  # that are offered, those with most SIMs
TYPED = ("operator", "rat", "apn", TAG, "label")  # may have any value


class Choice(Struct, frozen=True, kw_only=True):
    """A value that can be chosen."""

    parameter: str
    value: str
    text: str
    known: bool  # a value that SIMs can have, as far as is known
    chosen: bool
    sims: int | None = None  # that it would show beside the other filters; None where that is not counted


class Fieldset(Struct, frozen=True, kw_only=True):
    """What can be chosen of one field."""

    field: str
    title: str
    choices: list[Choice]
    typed: bool  # another value can be written


class ChipValue(Struct, frozen=True, kw_only=True):
    """One value of a chip, and the address of the list without it."""

    text: str
    known: bool
    without: str


class Chip(Struct, frozen=True, kw_only=True):
    """What is asked of one field, and the address of the list that asks the opposite."""

    title: str
    excluded: bool
    joined_by: str
    values: list[ChipValue]
    opposite: str


def fieldsets(wanted: SimFilter, countries: Iterable[str], counted: Facets) -> list[Fieldset]:
    """What can be chosen, field by field; what was chosen is among it, whatever it is."""
    operators = counted.get("operator", {})
    most = sorted(operators.keys() - {UNKNOWN}, key=lambda name: (-operators[name], name))[:MOST_OPERATORS]
    every = {**CHOICES, "country": (*countries, UNKNOWN), "operator": (*most, UNKNOWN)}
    fields = [*TITLES, *dict.fromkeys(one.field for one in wanted.criteria if one.field not in TITLES)]
    return [_fieldset(field, every.get(field, ()), wanted, counted.get(field)) for field in fields]


def _fieldset(field: str, known: Sequence[str], wanted: SimFilter, counted: Mapping[str, int] | None) -> Fieldset:
    names, mine = (
        {spelled(field, value): value for value in known},
        [one for one in wanted.criteria if one.field == field],
    )
    asked = [(parameter_of(one), one, names.get(spelled(field, value), value)) for one in mine for value in one.values]
    chosen = {(parameter, value) for parameter, _, value in asked}
    others = [(parameter, value) for parameter, one, value in asked if one.excluded or value not in known]
    choices = [
        Choice(
            parameter=parameter,
            value=value,
            text=("not " if parameter != field else "") + _text(field, value),
            known=_is_known(field, value, known),
            chosen=(parameter, value) in chosen,
            sims=None if counted is None or parameter != field else counted.get(value, 0),
        )
        for parameter, value in [*((field, value) for value in known), *others]
    ]
    return Fieldset(field=field, title=_title(field), choices=choices, typed=_is_typed(field))


def chips(wanted: SimFilter, link: Callable[..., str], countries: Sequence[str]) -> list[Chip]:
    """What is asked for. `link` makes the address of the list with other parameters."""
    every = {**CHOICES, "country": (*countries, UNKNOWN)}

    def without(criterion: Criterion, value: str) -> str:
        gone = parameter_of(criterion), value
        return link([one for one in parameters_of(wanted) if one != gone], page=1)

    def opposite(criterion: Criterion) -> str:
        turned = structs.replace(criterion, excluded=not criterion.excluded)
        others = [one for one in wanted.criteria if one != criterion]
        return link(parameters_of(SimFilter(criteria=tuple(sorted((*others, turned))))), page=1)

    return [
        Chip(
            title=_title(one.field),
            excluded=one.excluded,
            joined_by=_joined_by(one),
            values=[
                ChipValue(
                    text=_text(one.field, value),
                    known=_is_known(one.field, value, every.get(one.field, ())),
                    without=without(one, value),
                )
                for value in one.values
            ],
            opposite=opposite(one),
        )
        for one in wanted.criteria
    ]


def words_of(wanted: SimFilter) -> str:
    """What a list is filtered by: “Connection is blocked, Country is not DE”; empty for the whole fleet."""
    searched = [f"“{wanted.q}”"] if wanted.q else []
    return ", ".join(
        searched
        + [
            f"{_title(one.field)} {'is not' if one.excluded else 'is'} "
            + f" {_joined_by(one)} ".join(_text(one.field, value) for value in one.values)
            for one in wanted.criteria
        ]
    )


def address(query: dict[str, Any], parameters: Sequence[tuple[str, str]] | None = None, **changes: Any) -> str:
    """The address of the list with these parameters of its filter, and with changes of the rest of it."""
    kept = {**query, **changes}
    parts = [(name, value) for name, value in kept.items() if value not in ("", None) and PLAIN.get(name) != value]
    every = [*parts, *(parameters or ())]
    return PATH + (f"?{urlencode(every)}" if every else "")


def _joined_by(one: Criterion) -> str:
    return "and" if one.field == TAG and not one.excluded else "or"


def _title(field: str) -> str:
    return TITLES.get(field) or field.removeprefix(CUSTOM).replace("_", " ").capitalize()


def _text(field: str, value: str) -> str:
    return TEXTS.get((field, value), f"begins with {value}" if field == "label" else value)


def _is_known(field: str, value: str, known: Sequence[str]) -> bool:
    return value in known or _is_typed(field)


def _is_typed(field: str) -> bool:
    return field in TYPED or field.startswith(CUSTOM)
