"""What every page reads of its organization and its reader before it is drawn, by one statement."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.alerts.reads import AlertCounts, active_query, counts_query
from console.carrier.reads import circuit_query
from console.facts.alerts import Alert
from console.facts.carrier import CircuitStatus
from console.facts.jobs import JobRun
from console.members.reads import Membership, memberships_query
from console.organizations.rules import Caller
from console.runs.reads import last_done_query
from console.sims.saved_views_reads import views_query
from console.sims.saved_views_rules import SavedView, as_read
from console.store.together import Asked, Together
from console.streamer.reads import KindRow, kinds_query


def parts() -> dict[str, Asked]:
    """The questions, about the parameters `organization_id` and `user_id`."""
    organization, user = sa.bindparam("organization_id", type_=sa.Integer), sa.bindparam("user_id", type_=sa.Integer)
    return {
        "circuit": Asked(circuit_query(organization), CircuitStatus),
        "inventory": Asked(last_done_query(organization, "sync_sims"), JobRun),
        "memberships": Asked(memberships_query(user), Membership),
        "views": Asked(views_query(organization, user), SavedView),
        "firing": Asked(active_query(organization).limit(sa.literal_column("1")), Alert),
        "counts": Asked(counts_query(organization), AlertCounts),
        "kinds": Asked(kinds_query(organization), KindRow),
    }


FRAME = Together(parts)


class Frame(Struct, frozen=True, kw_only=True):
    """All of it as of one moment."""

    circuit: CircuitStatus
    inventory: JobRun | None  # the last walk through 1NCE's inventory that ended well
    memberships: Sequence[Membership]
    views: Sequence[SavedView]  # the reader's own and the shared ones
    top_alert: Alert | None
    alert_counts: AlertCounts
    kinds: Sequence[KindRow]  # of records of the Data Streamer


async def frame_of(connection: AsyncConnection, caller: Caller) -> Frame:
    """Of this caller's pages."""
    return (await frame_and(connection, caller, FRAME))[0]


async def frame_and(
    connection: AsyncConnection, caller: Caller, asked: Together, **given: Any
) -> tuple[Frame, Mapping[str, Sequence[Any]]]:
    """The same with the answers to all that `asked` has beside these `parts`, about what is `given` too."""
    found = await asked.ask(connection, organization_id=caller.organization_id, user_id=caller.user_id, **given)
    frame = Frame(
        circuit=next(iter(found["circuit"]), CircuitStatus()),
        inventory=next(iter(found["inventory"]), None),
        memberships=found["memberships"],
        views=[as_read(one) for one in found["views"]],
        top_alert=next(iter(found["firing"]), None),
        alert_counts=found["counts"][0],
        kinds=found["kinds"],
    )
    return frame, found
