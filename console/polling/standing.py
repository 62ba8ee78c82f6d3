"""How polling stands: what each kind of question gets of the calls, how old answers may get, and how old they are."""

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.jobs import JobRun
from console.polling import reads
from console.polling.reads import LATELY, Asked
from console.polling.rules import Group, Kind, Question, Terms, plan
from console.runs.reads import last_done


class PollingShare(Struct, frozen=True, kw_only=True):
    """One kind of question. Ages in seconds; `None` where it does not apply, or nothing is known."""

    kind: Annotated[str, Meta(description="`inventory`, `status`, `events`, `data_quota`, `sms_quota`, `sms`.")]
    share_percent: Annotated[float, Meta(description="Its part of the calls that polling makes, as things are now.")]
    calls_per_second: Annotated[float, Meta(description="The same in calls a second.")]
    on_screen_seconds: Annotated[
        float | None,
        Meta(description="How often SIMs on a screen are polled, as things are now; null if there are none."),
    ]
    low_seconds: Annotated[
        float | None, Meta(description="How often SIMs near the end of their data quota are polled.")
    ]
    under_way_seconds: Annotated[float | None, Meta(description="How often SIMs with a message under way are polled.")]
    moved_seconds: Annotated[float | None, Meta(description="How often SIMs that changed within the hour are polled.")]
    rest_seconds: Annotated[float, Meta(description="How often all others are polled.")]
    oldest_seconds: Annotated[float, Meta(description="No answer gets older than this while 1NCE answers.")]
    oldest_at: Annotated[datetime | None, Meta(description="When the oldest answer that is held now was given.")]
    answered_last_hour: Annotated[
        int | None, Meta(description="SIMs for which 1NCE has answered, or posted a record, within the hour.")
    ]
    never: Annotated[int | None, Meta(description="SIMs that have not been polled yet.")]
    unanswered: Annotated[int | None, Meta(description="SIMs that have been polled and never answered for.")]
    first_pass_seconds: Annotated[
        float | None, Meta(description="Until all have been polled once, at the rate of the last ten minutes.")
    ]


class Polling(Struct, frozen=True, kw_only=True):
    """How the calls to 1NCE are spent."""

    as_of: Annotated[datetime, Meta(description="When it was so.")]
    calls_allowed_per_second: Annotated[float, Meta(description="1NCE's rate limit of the account.")]
    calls_spent_per_second: Annotated[
        float, Meta(description="What polling uses of it at most; the rest is kept for people's commands.")
    ]
    events_pushed: Annotated[
        bool,
        Meta(
            description="Whether 1NCE's Data Streamer has posted events within the hour, so that they are polled less."
        ),
    ]
    sims: Annotated[int, Meta(description="SIMs that 1NCE lists.")]
    on_screen: Annotated[int, Meta(description="Those on a screen.")]
    moved: Annotated[int, Meta(description="Those that changed within the hour.")]
    low: Annotated[int, Meta(description="Those near the end of their data quota.")]
    under_way: Annotated[int, Meta(description="Those with a message to them that has not arrived yet.")]
    questions: Annotated[list[PollingShare], Meta(description="Each kind of poll.")]


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


def _standing(question: Question, asked: Asked, terms: Terms, now: datetime) -> PollingShare:
    ages = question.ages
    return PollingShare(
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


def _inventory(question: Question, walk: JobRun | None, terms: Terms) -> PollingShare:
    return PollingShare(
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
