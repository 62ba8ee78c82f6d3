"""The topics that a client can listen to: the fleet, alerts, actions, one SIM, the carrier."""

import re
from collections.abc import Iterable

from console.errors import BadRequest

TOPIC = re.compile(r"carrier|fleet|alerts|actions|sms|jobs|sim:[0-9]{19}")
ALL = frozenset({"fleet", "alerts", "actions"})
MOST = 600  # a page has at most 500 rows


def read_topics(text: str | None) -> frozenset[str]:
    """The topics named in a query; all that there are if it names none; BadRequest for one that can't be."""
    return ALL if text is None else checked(part for part in (part.strip() for part in text.split(",")) if part)


def checked(topics: Iterable[str]) -> frozenset[str]:
    """These topics, if each can be listened to and they are not too many."""
    found = frozenset(topics)
    for topic in found:
        if not TOPIC.fullmatch(topic):
            raise BadRequest(f"There is no topic {topic[:40]!r}: choose from fleet, alerts, actions, sim:<ICCID>")
    if len(found) > MOST:
        raise BadRequest(f"At most {MOST} topics on one connection")
    return found


def sims_in(topics: Iterable[str]) -> list[str]:
    """The ICCIDs of those topics that are a SIM's."""
    return [topic.removeprefix("sim:") for topic in topics if topic.startswith("sim:")]
