"""Which of a rule's subjects are one alert: of a cell area, an operator, a country, a tag, or one each. No database."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

MANY = 10  # SIMs for which a rule begins to hold at once: as many are one alert
MOST_SINGLE = 10  # open alerts of a rule about one SIM each; more are one alert
FLEET = "fleet"
KINDS = ("area:", "operator:", "country:", "tag:")  # the most specific first
NEARLY = 0.9  # what is more specific explains it, if it explains nearly as many
OFTENER = 2  # times as many of them have a tag as of the fleet: one that most SIMs have explains nothing
Network = tuple[str | None, str | None, str | None]


class NewSubject(Struct, frozen=True, gc=False, kw_only=True):
    """What a rule has begun to hold for; a SIM has an ICCID, and may have a network and a cell area there."""

    subject: str
    iccid: str | None = None
    operator: str | None = None
    country: str | None = None
    area: str | None = None
    value: str | None = None
    since: datetime | None = None  # else now


class Tags(Struct, frozen=True):
    """The tags of subjects by ICCID, and which share of the fleet has each."""

    of: Mapping[str, Sequence[str]]
    shares: Mapping[str, float]


NO_TAGS = Tags({}, {})


def operator_key(operator: str | None, country: str | None) -> str:
    """The key of the alert of an operator's SIMs."""
    return f"operator:{country or ''}/{operator or ''}"


def is_group(key: str) -> bool:
    """Whether an alert with this key is about several SIMs."""
    return key == FLEET or key.startswith(KINDS)


def grouped(
    found: Sequence[NewSubject], open_keys: Collection[str], single: int, tags: Tags = NO_TAGS
) -> Mapping[str, list[NewSubject]]:
    """These subjects by the key of their alert: of a group while they are many, else one each.

    `open_keys`: of the rule's open alerts; a SIM whose group has one joins it. `single`: how many of them are about
    one SIM. SIMs are grouped by what explains most of them, the rest by what explains most of it, and what nothing
    explains is together.
    """
    alerts: dict[str, list[NewSubject]] = defaultdict(list)
    left = _joined(found, open_keys, tags, alerts)
    while groups := _explaining(left, tags):
        for key, sims in groups.items():
            alerts[key] += sims
        taken = {one.subject for sims in groups.values() for one in sims}
        left = [one for one in left if one.subject not in taken] if len(taken) < len(left) else []
    if left and (FLEET in open_keys or len(left) >= MANY or single + len(left) > MOST_SINGLE):
        alerts[FLEET] = left
        left = []
    for one in left:
        alerts[one.subject] = [one]
    return alerts


def _joined(
    found: Sequence[NewSubject], open_keys: Collection[str], tags: Tags, alerts: dict[str, list[NewSubject]]
) -> list[NewSubject]:
    """Put those into open alerts that belong there; the others."""
    left = list(found)
    for kind in KINDS:
        if any(key.startswith(kind) for key in open_keys):
            unknown, left = left, []
            for key, subjects in _of_kind(kind, unknown, tags, open_keys).items():
                (alerts[key] if key in open_keys else left).extend(subjects)
    return left


def _of_kind(
    kind: str, subjects: Sequence[NewSubject], tags: Tags, wanted: Collection[str]
) -> dict[str, list[NewSubject]]:
    """These by their key of the kind; by an empty one those that have none. Of several tags one that is `wanted`."""
    groups: dict[str, list[NewSubject]] = defaultdict(list)
    if kind == "tag:":
        for one in subjects:
            keys = {f"tag:{tag}" for tag in tags.of.get(one.subject, ())}
            groups[next((key for key in wanted if key in keys), "")].append(one)
        return groups
    networks: dict[Network, list[NewSubject]] = defaultdict(list)
    for one in subjects:
        networks[one.area if kind == "area:" else None, one.operator, one.country].append(one)
    for network, sims in networks.items():
        groups[_network_key(kind, *network)] += sims
    return groups


def _explaining(left: Sequence[NewSubject], tags: Tags) -> dict[str, list[NewSubject]]:
    """The groups, of one kind, that explain most of these; none if too few have anything in common.

    Each further group must explain as many more as make a group.
    """
    kinds = [{key: sims for key, sims in groups.items() if len(sims) >= MANY} for groups in _groups(left, tags)]
    explained = [sum(map(len, groups.values())) - MANY * (len(groups) - 1) if groups else 0 for groups in kinds]
    return next((groups for groups, n in zip(kinds, explained, strict=True) if n and n >= NEARLY * max(explained)), {})


def _groups(left: Sequence[NewSubject], tags: Tags) -> list[dict[str, list[NewSubject]]]:
    """For each of KINDS, those by key that have one."""
    areas, frequent = Counter(one.area for one in left), _frequent(left, tags)
    alike = {"area:": [one for one in left if one.area and areas[one.area] >= MANY]}  # most areas have few
    found = [_of_kind(kind, alike.get(kind, left), tags, frequent) for kind in KINDS]
    return [{key: sims for key, sims in groups.items() if key} for groups in found]


def _frequent(left: Sequence[NewSubject], tags: Tags) -> list[str]:
    """The keys of the tags that these have more often than the fleet, what most have first."""
    counted = Counter(tag for one in left for tag in tags.of.get(one.subject, ())) if tags.of else Counter()
    return [f"tag:{tag}" for tag, n in counted.most_common() if n >= OFTENER * tags.shares.get(tag, 0) * len(left)]


def _network_key(kind: str, area: str | None, operator: str | None, country: str | None) -> str:
    """Empty where it is not known."""
    match kind:
        case "area:":
            return f"area:{country or ''}/{operator}/{area}" if operator and area else ""
        case "operator:":
            return operator_key(operator, country) if operator else ""
        case _:
            return f"country:{country}" if country else ""
