"""Decisions about SIMs that need no database: what counts as low, and which filters make sense."""

from msgspec import Struct

from console.sims.annotations_rules import CUSTOM, field_name
from console.unicode_text import lower, normal

LOW_PERCENT = 20
MOST_SORTS = 8
SORTS = {
    "iccid": "iccid",
    "label": "label",
    "connection": "connection",
    "status": "status",
    "country": "country",
    "operator": "operator",
    "rat": "rat",
    "data_left_bytes": "data_left_bytes",
    "days_left": "data_left_seconds",
    "sms_left": "sms_left",
    "last_seen_at": "last_seen_at",
    "changed_at": "changed_at",
    "confirmed_at": "confirmed_at",
    "tags": "tags",
}
TAG = "tag"  # the field of a filter that asks for tags
LEFT = "days_left"  # the field of a filter that asks for when the data quota is empty
ANY_CASE = frozenset({"operator", "rat", "apn"})  # fields of a filter whose values 1NCE and people write in any case
QUOTAS = ("ok", "low", "exhausted", "expired", "unknown")


def quota_word(left: int, total: int | None, status: str | None) -> str:
    """One word for what is left of a quota: "ok", "low" (under 20 %), "exhausted" or "expired"."""
    if status == "expired":
        return "expired"
    if status == "exhausted" or left <= 0:
        return "exhausted"
    return "low" if total and left * 100 < total * LOW_PERCENT else "ok"


class Criterion(Struct, frozen=True, order=True):
    """One field of a filter: its value is one of these, or, if `excluded`, none of them.

    `tag` is a set: all of these tags, or none of them. A custom field is written `field.site`.
    """

    field: str
    values: tuple[str, ...]
    excluded: bool = False


def spelled(field: str, value: str) -> str:
    """What a filter compares: of fields in ANY_CASE in lower case."""
    return lower(value) if field in ANY_CASE else value


class SimFilter(Struct, frozen=True, kw_only=True):
    """Which SIMs are asked for: those that a search finds and that meet every criterion. Empty means all.

    "unknown" asks for what 1NCE has not said. What is not known is none of any values. `masked`: whoever asks may not
    read IMSI and MSISDN, so nothing is found by them: a number could be guessed digit by digit.
    """

    q: str = ""
    criteria: tuple[Criterion, ...] = ()
    masked: bool = False

    @property
    def active(self) -> bool:
        """Whether anything is left out."""
        return bool(self.q or self.criteria)

    @property
    def may_guess(self) -> bool:
        """Whether a masked number could be found by these words: both are of digits alone."""
        return self.masked and any(sign.isnumeric() for sign in normal("NFKC", self.q))


def having(**values: str) -> SimFilter:
    """The filter that asks for one value of each of these fields."""
    return SimFilter(criteria=tuple(Criterion(field, (value,)) for field, value in sorted(values.items())))


def without_excluded(wanted: SimFilter) -> tuple[SimFilter, SimFilter] | None:
    """The same filter without the one criterion that leaves few out, and that which asks for these few. How many the
    filter lets through is the one less the other. None if it has no such criterion, or several: each would double both.
    """
    turned = [(one, other) for one in wanted.criteria if (other := _turned(one))]
    if wanted.q or len(turned) != 1:
        return None
    [(excluded, asked)] = turned
    others = tuple(one for one in wanted.criteria if one is not excluded)
    return SimFilter(criteria=others), SimFilter(criteria=tuple(sorted((*others, asked))))


def _turned(one: Criterion) -> Criterion | None:
    """What a criterion leaves out, as one that asks for it, where an index finds it."""
    if one == Criterion("label", ("has",)):
        return Criterion("label", ("none",))
    alone = one.field == "label" or one.field.startswith(CUSTOM) or (one.field == TAG and len(one.values) == 1)
    return Criterion(one.field, one.values) if one.excluded and alone else None


class Sort(Struct, frozen=True):
    """One field to order by."""

    field: str
    descending: bool = False


def parse_sort(text: str) -> list[Sort]:
    """`-last_seen_at,label,field.site` as a list. ValueError names the first field that can't be sorted by."""
    sorts: list[Sort] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        field = part.removeprefix("-")
        if field.startswith(CUSTOM):
            field = CUSTOM + field_name(field.removeprefix(CUSTOM))
        elif field not in SORTS:
            raise ValueError(f"can't be sorted by {field[:40]!r}: choose from {', '.join(SORTS)} and field.<name>")
        if field not in {sort.field for sort in sorts}:
            sorts.append(Sort(field, part.startswith("-")))
        if len(sorts) > MOST_SORTS:  # what follows is not even looked at
            raise ValueError(f"can be sorted by {MOST_SORTS} fields at most")
    return sorts
