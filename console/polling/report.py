"""The report on polling: the share of calls of each kind of poll, how old its answers may get, and how old they are."""

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.jobs import JobRun
from console.polling import reads
from console.polling.reads import LATELY, PollProgress
from console.polling.rules import Kind, Priority, Share, Terms, plan
from console.runs.reads import last_done


class PollingShare(Struct, frozen=True, kw_only=True):
    """One kind of poll. Ages in seconds; `None` where it does not apply, or nothing is known."""

    kind: Annotated[
        str, Meta(description="`inventory`, `status`, `events`, `data_quota`, `sms_quota`, `sms`.", examples=["status"])
    ]
    share_percent: Annotated[
        float, Meta(description="Its part of the calls that polling makes, as things are now.", examples=[50.0])
    ]
    calls_per_second: Annotated[float, Meta(description="The same in calls a second.", examples=[4.25])]
    on_screen_seconds: Annotated[
        float | None,
        Meta(
            description="How often SIMs on a screen are polled, as things are now; null if there are none.",
            examples=[21.2],
        ),
    ]
    low_seconds: Annotated[
        float | None, Meta(description="How often SIMs near the end of their data quota are polled.")
    ]
    under_way_seconds: Annotated[float | None, Meta(description="How often SIMs with a message under way are polled.")]
    moved_seconds: Annotated[
        float | None, Meta(description="How often SIMs that changed within the hour are polled.", examples=[941.2])
    ]
    rest_seconds: Annotated[float, Meta(description="How often all others are polled.", examples=[40301.7])]
    oldest_seconds: Annotated[
        float, Meta(description="No answer gets older than this while 1NCE answers.", examples=[42412.9])
    ]
    oldest_at: Annotated[
        datetime | None,
        Meta(description="When the oldest answer that is held now was given.", examples=["2026-11-20T01:00:00Z"]),
    ]
    answered_last_hour: Annotated[
        int | None,
        Meta(description="SIMs for which 1NCE has answered, or posted a record, within the hour.", examples=[13_100]),
    ]
    never: Annotated[int | None, Meta(description="SIMs that have not been polled yet.", examples=[0])]
    unanswered: Annotated[
        int | None, Meta(description="SIMs that have been polled and never answered for.", examples=[2])
    ]
    first_pass_seconds: Annotated[
        float | None, Meta(description="Until all have been polled once, at the rate of the last ten minutes.")
    ]


class Polling(Struct, frozen=True, kw_only=True):
    """How the calls to 1NCE are spent."""

    as_of: Annotated[datetime, Meta(description="When it was so.", examples=["2026-11-20T10:00:00Z"])]
    calls_allowed_per_second: Annotated[float, Meta(description="1NCE's rate limit of the account.", examples=[10.0])]
    calls_spent_per_second: Annotated[
        float,
        Meta(description="What polling uses of it at most; the rest is kept for people's commands.", examples=[8.5]),
    ]
    events_pushed: Annotated[
        bool,
        Meta(
            description="Whether 1NCE's Data Streamer has posted events within the hour, so that they are polled less.",
            examples=[True],
        ),
    ]
    sims: Annotated[int, Meta(description="SIMs that 1NCE lists.", examples=[100_000])]
    on_screen: Annotated[int, Meta(description="Those on a screen.", examples=[25])]
    moved: Annotated[int, Meta(description="Those that changed within the hour.", examples=[800])]
    low: Annotated[int, Meta(description="Those near the end of their data quota.", examples=[120])]
    under_way: Annotated[int, Meta(description="Those with a message to them that has not arrived yet.", examples=[3])]
    shares: Annotated[list[PollingShare], Meta(description="Each kind of poll.")]


async def polling(connection: AsyncConnection, organization_id: int, now: datetime, *, on_screen: int) -> Polling:
    """The report as of now. Scans the fleet: not for every heartbeat."""
    terms = await reads.terms(connection, organization_id, now)
    fleet = await reads.fleet(connection, organization_id, now, on_screen=on_screen)
    progress = await reads.progress(connection, organization_id, now)
    walk = await last_done(connection, organization_id, "sync_sims")
    planned = plan(fleet, terms)
    rest = [_share_now(planned.share_of(kind), one, terms, now) for kind, one in progress.items()]
    inventory = _inventory(planned.share_of(Kind.INVENTORY), walk, terms)
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
        shares=[inventory, *rest],
    )


def _share_now(share: Share, progress: PollProgress, terms: Terms, now: datetime) -> PollingShare:
    ages = share.ages
    return PollingShare(
        kind=share.kind,
        share_percent=100 * share.calls_per_second / terms.budget,
        calls_per_second=share.calls_per_second,
        on_screen_seconds=ages.get(Priority.SCREEN),
        low_seconds=ages.get(Priority.LOW),
        under_way_seconds=ages.get(Priority.UNDER_WAY),
        moved_seconds=ages.get(Priority.MOVED),
        rest_seconds=ages[Priority.REST],
        oldest_seconds=share.oldest_seconds,
        oldest_at=progress.oldest_at,
        answered_last_hour=progress.answered_last_hour,
        never=progress.never,
        unanswered=progress.unanswered,
        first_pass_seconds=first_pass(progress, now),
    )


def first_pass(progress: PollProgress, now: datetime) -> float | None:
    """Seconds until each SIM has been polled once; None if all have, or if the rate is not known."""
    if not progress.never or not progress.answered_lately or progress.oldest_at is None:
        return None
    measured = min(LATELY, max(now - progress.oldest_at, timedelta(seconds=1)))
    return progress.never * measured.total_seconds() / progress.answered_lately


def _inventory(share: Share, walk: JobRun | None, terms: Terms) -> PollingShare:
    return PollingShare(
        kind=share.kind,
        share_percent=100 * share.calls_per_second / terms.budget,
        calls_per_second=share.calls_per_second,
        on_screen_seconds=None,
        low_seconds=None,
        under_way_seconds=None,
        moved_seconds=None,
        rest_seconds=share.ages[Priority.REST],
        oldest_seconds=share.oldest_seconds,
        oldest_at=walk.started_at if walk else None,
        answered_last_hour=None,
        never=None,
        unanswered=None,
        first_pass_seconds=None,
    )
