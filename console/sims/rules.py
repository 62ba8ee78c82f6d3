"""Decisions about SIMs that need no database: what counts as low, and which filters make sense."""

from msgspec import Struct

LOW_PERCENT = 20
SORTS = {
    "iccid": "iccid",
    "label": "label",
    "connection": "connection",
    "status": "status",
    "country": "country",
    "operator": "operator",
    "rat": "rat",
    "data_left_bytes": "data_left_bytes",
    "sms_left": "sms_left",
    "last_seen_at": "last_seen_at",
    "changed_at": "changed_at",
    "confirmed_at": "confirmed_at",
}
QUOTAS = ("ok", "low", "exhausted", "expired", "unknown")


def quota_word(left: int, total: int | None, status: str | None) -> str:
    """One word for what is left of a quota: "ok", "low" (under 20 %), "exhausted" or "expired"."""
    if status == "expired":
        return "expired"
    if status == "exhausted" or left <= 0:
        return "exhausted"
    return "low" if total and left * 100 < total * LOW_PERCENT else "ok"


class SimFilter(Struct, frozen=True, kw_only=True):
    """Which SIMs are asked for. Empty means all; "unknown" asks for what 1NCE has not said."""

    q: str = ""
    connection: str = ""
    status: str = ""
    country: str = ""
    quota: str = ""
    operator: str = ""
    rat: str = ""
    label: str = ""  # "has", "none", or a text that the label begins with
    tags: tuple[str, ...] = ()  # folded: all of them
    tags_not: tuple[str, ...] = ()  # none of them
    custom_fields: tuple[tuple[str, str], ...] = ()  # name and value: all of them

    @property
    def active(self) -> bool:
        """Whether anything is left out."""
        return any(getattr(self, name) for name in self.__struct_fields__)


class Sort(Struct, frozen=True):
    """One field to order by."""

    field: str
    descending: bool = False


def parse_sort(text: str) -> list[Sort]:
    """`-last_seen_at,label` as a list. ValueError names the first field that can't be sorted by."""
    sorts: list[Sort] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        field = part.removeprefix("-")
        if field not in SORTS:
            raise ValueError(f"can't sort by {field!r}: choose from {', '.join(SORTS)}")
        if field not in {sort.field for sort in sorts}:
            sorts.append(Sort(field, part.startswith("-")))
    return sorts
