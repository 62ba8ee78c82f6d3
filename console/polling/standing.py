"""How polling stands: what each kind of question gets of the calls, how old answers may get, and how old they are."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.jobs import JobRun
from console.polling import reads
from console.polling.reads import LATELY, Asked
from console.polling.rules import Group, Kind, Question, Terms, plan
from console.runs.reads import last_done


class Standing(Struct, frozen=True, kw_only=True):
    """One kind of question. Ages in seconds; `None` where it does not apply, or nothing is known."""

    kind: str
    share_percent: float  # of the calls that polling spends, as things are now
    calls_per_second: float
    on_screen_seconds: float | None  # so often SIMs on a screen are asked about, as things are now
    low_seconds: float | None
    under_way_seconds: float | None  # those with a message to them under way
    moved_seconds: float | None
    rest_seconds: float
    oldest_seconds: float  # no answer gets older than this, whoever looks at whatever
    oldest_at: datetime | None  # the oldest answer that is held now
    answered_last_hour: int | None  # SIMs
    never: int | None  # SIMs that have not been asked about yet
    unanswered: int | None  # SIMs that have, and 1NCE has never answered
    first_pass_seconds: float | None  # until all have been, at the pace of the last ten minutes


class Polling(Struct, frozen=True, kw_only=True):
    """How the calls to 1NCE are spent."""

    as_of: datetime
    calls_allowed_per_second: float
    calls_spent_per_second: float  # at most, by polling; the rest is kept for people's commands
    events_pushed: bool
    sims: int
    on_screen: int
    moved: int
    low: int
    under_way: int
    questions: list[Standing]


async def polling(connection: AsyncConnection, organization_id: int, now: datetime, *, on_screen: int) -> Polling:
    """How it stands now. It looks at each SIM once: not for every heartbeat."""
    terms = await reads.terms(connection, organization_id, now)
    fleet = await reads.fleet(connection, organization_id, now, on_screen=on_screen)
    asked = await reads.asked(connection, organization_id, now)
    walk = await last_done(connection, organization_id, "sync_sims")
    planned = plan(fleet, terms)
    rest = [_standing(planned.of(kind), one, terms, now) for kind, one in asked.items()]
    inventory = _inventory(planned.of(Kind.INVENTORY), walk, terms)
    return Polling(
        as_of=now,
        calls_allowed_per_second=terms.rate,
        calls_spent_per_second=terms.budget,
        events_pushed=terms.events_pushed,
        sims=fleet.sims,
        on_screen=fleet.on_screen,
        moved=fleet.moved,
        low=fleet.low,
        under_way=fleet.under_way,
        questions=[inventory, *rest],
    )


def _standing(question: Question, asked: Asked, terms: Terms, now: datetime) -> Standing:
    ages = question.ages
    return Standing(
        kind=question.kind,
        share_percent=100 * question.calls_per_second / terms.budget,
        calls_per_second=question.calls_per_second,
        on_screen_seconds=ages.get(Group.SCREEN),
        low_seconds=ages.get(Group.LOW),
        under_way_seconds=ages.get(Group.UNDER_WAY),
        moved_seconds=ages.get(Group.MOVED),
        rest_seconds=ages[Group.REST],
        oldest_seconds=question.oldest_seconds,
        oldest_at=asked.oldest_at,
        answered_last_hour=asked.answered_last_hour,
        never=asked.never,
        unanswered=asked.unanswered,
        first_pass_seconds=first_pass(asked, now),
    )


def first_pass(asked: Asked, now: datetime) -> float | None:
    """In how many seconds everybody will have been asked about once; None if all have, or the pace is not known."""
    if not asked.never or not asked.answered_lately or asked.oldest_at is None:
        return None
    measured = min(LATELY, max(now - asked.oldest_at, timedelta(seconds=1)))
    return asked.never * measured.total_seconds() / asked.answered_lately


def _inventory(question: Question, walk: JobRun | None, terms: Terms) -> Standing:
    return Standing(
        kind=question.kind,
        share_percent=100 * question.calls_per_second / terms.budget,
        calls_per_second=question.calls_per_second,
        on_screen_seconds=None,
        low_seconds=None,
        under_way_seconds=None,
        moved_seconds=None,
        rest_seconds=question.ages[Group.REST],
        oldest_seconds=question.oldest_seconds,
        oldest_at=walk.started_at if walk else None,
        answered_last_hour=None,
        never=None,
        unanswered=None,
        first_pass_seconds=None,
    )
