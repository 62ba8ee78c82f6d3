"""The topics that a client can listen to: the fleet, alerts, actions, one SIM, the carrier."""

import re
from collections.abc import Iterable

from console.errors import BadRequest, NotAllowed
from console.iccid import InvalidIccid, parse

TOPIC = re.compile(r"carrier|fleet|alerts|actions|approvals|sms|jobs|flags|notifications")
ALL = frozenset({"fleet", "alerts", "actions"})
MOST = 600  # a page has at most 500 rows


def read_topics(text: str | None, kinds: frozenset[str]) -> frozenset[str]:
    """The topics named in a query; without any, all that are of these kinds.

    `kinds`: what the caller may listen to. Raises BadRequest for a topic that can't be, NotAllowed for another kind.
    """
    if text is None:
        return ALL & kinds
    found = checked(part for part in (part.strip() for part in text.split(",")) if part)
    return of_kinds(found, kinds)


def of_kinds(topics: frozenset[str], kinds: frozenset[str]) -> frozenset[str]:
    """The same topics; raises NotAllowed if one of them is of another kind than these."""
    if others := sorted({kind_of(topic) for topic in topics} - kinds):
        raise NotAllowed(f"You may not listen to: {', '.join(others)}", topics=others)
    return topics


def checked(topics: Iterable[str]) -> frozenset[str]:
    """These topics with each ICCID as 19 digits; BadRequest for an unknown topic, a wrong ICCID, or too many."""
    found = frozenset(_topic(topic) for topic in topics)
    if len(found) > MOST:
        raise BadRequest(f"At most {MOST} topics on one connection")
    return found


def _topic(text: str) -> str:
    if text.startswith("sim:"):
        try:
            return f"sim:{parse(text.removeprefix('sim:'))}"
        except InvalidIccid as error:
            raise BadRequest(f"There is no topic {text[:40]!r}: {error}") from error
    if not TOPIC.fullmatch(text):
        raise BadRequest(f"There is no topic {text[:40]!r}: choose from fleet, alerts, actions, sim:<ICCID>")
    return text


def kind_of(topic: str) -> str:
    """The kind of a topic, by which a caller may listen to it or not: its name, or `sim` for one SIM's."""
    return topic.partition(":")[0]


def sims_in(topics: Iterable[str]) -> list[str]:
    """The ICCIDs of those topics that are a SIM's."""
    return [topic.removeprefix("sim:") for topic in topics if topic.startswith("sim:")]
