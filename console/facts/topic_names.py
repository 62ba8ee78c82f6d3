"""The topics that a client can listen to: the fleet, alerts, actions, one SIM, the carrier."""

import re
from collections.abc import Iterable

from console.errors import BadRequest
from console.iccid import InvalidIccid, parse

TOPIC = re.compile(r"carrier|fleet|alerts|actions|sms|jobs")
ALL = frozenset({"fleet", "alerts", "actions"})
MOST = 600  # a page has at most 500 rows


def read_topics(text: str | None) -> frozenset[str]:
    """The topics named in a query; all that there are if it names none; BadRequest for one that can't be."""
    return ALL if text is None else checked(part for part in (part.strip() for part in text.split(",")) if part)


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


def sims_in(topics: Iterable[str]) -> list[str]:
    """The ICCIDs of those topics that are a SIM's."""
    return [topic.removeprefix("sim:") for topic in topics if topic.startswith("sim:")]
