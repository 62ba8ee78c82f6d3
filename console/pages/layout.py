"""What every page has: who is signed in, whether 1NCE answers, how old the inventory is, what it receives."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.explanations import summary
from console.alerts import reads as alert_reads
from console.alerts.informing import FIRING
from console.alerts.reads import AlertCounts
from console.carrier import reads as carrier_reads
from console.facts import Fact
from console.facts.actions import ActionKind
from console.facts.alerts import ACTIVE, Alert, AlertChanged
from console.facts.approvals import ApprovalChanged
from console.facts.carrier import CarrierChanged
from console.facts.streamer import StreamerChanged
from console.live.pieces import Html, prepend, replace
from console.live.view import Receives, Refresh, View
from console.organizations.rules import Caller, Permission
from console.pages.frame import Frame, frame_of
from console.pages.navigation import offered
from console.pages.sources import inventory_read_at, source_pieces, sources, sources_of
from console.pages.templating import Fragments
from console.pages.view_counts import RailView, rail_views

SOURCES = Refresh(part="sources")
STRIP = Refresh(part="strip")


class LayoutView:
    """Every page says when 1NCE does not answer, and how fresh its sources are."""

    name = "layout"
    receives = Receives(
        facts=(CarrierChanged, StreamerChanged, ApprovalChanged, AlertChanged),
        topics=("carrier", "approvals", "alerts"),
    )

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """The banner on top; a message to whoever asked for an approval, and to those who may give it."""
        if isinstance(fact, AlertChanged):
            return [STRIP, self._message(fact.data)]
        if isinstance(fact, ApprovalChanged):
            approval = fact.data
            what = summary(ActionKind(approval.kind), approval.parameters)
            message = self._fragments.draw("approvals/_toast.html", approval=approval, summary=what)
            return [prepend("messages", f"approval-message-{approval.id}", message)]
        if isinstance(fact, CarrierChanged):
            banner = self._fragments.draw("carrier/_banner.html", circuit=fact.data.circuit)
            return [replace("carrier-banner", banner), SOURCES]
        return [SOURCES]

    def _message(self, alert: Alert) -> Html:
        """That it fires now, on top of the messages; in the place of that message, what it is since then."""
        id_ = f"alert-message-{alert.id}"
        shown = alert.state in ACTIVE and alert.hidden_by is None and alert.acknowledged_at is None
        message = self._fragments.draw("alerts/_message.html", alert=alert, over=not shown)
        return prepend("messages", id_, message) if shown and alert.change in FIRING else replace(id_, message)

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """How fresh both sources are, or what fires now."""
        if what == STRIP:
            firing = await firing_now(reading, organization_id)
            return [
                replace("incident-strip", self._fragments.draw("alerts/_strip.html", **firing)),
                replace("alert-count", self._fragments.draw("alerts/_count.html", **firing)),
            ]
        circuit = await carrier_reads.circuit(reading, organization_id)
        found = await sources(reading, organization_id, circuit, datetime.now(UTC))
        return source_pieces(self._fragments, found, await inventory_read_at(reading, organization_id))

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """How fresh both sources are, and what fires."""
        return [SOURCES, STRIP]


async def firing_now(connection: AsyncConnection, organization_id: int) -> dict[str, Any]:
    """The alert that is the most urgent now, and how many fire."""
    top = await alert_reads.active(connection, organization_id, limit=1)
    counts = await alert_reads.counts(connection, organization_id) if top else AlertCounts()
    return {"top_alert": top[0] if top else None, "alert_counts": counts}


def _rail_views(frame: Frame, caller: Caller) -> list[RailView]:
    """Without counts: those come by the live connection, counted once for all pages."""
    if caller.user_id is None or not caller.may(Permission.SIMS_READ):
        return []
    return rail_views(frame.views, {})


async def layout_context(
    connection: AsyncConnection, caller: Caller, live_since: str, view: type[View], topics: Sequence[str] = ()
) -> dict[str, Any]:
    """The context of the layout. The page listens to its view's topics, to those of the layout, and to `topics`.

    `live_since` is how far the feed was before the page read the database: what changes in between is sent once more.
    """
    return framed(await frame_of(connection, caller), caller, live_since, view, topics)


def framed(
    frame: Frame, caller: Caller, live_since: str, view: type[View], topics: Sequence[str] = ()
) -> dict[str, Any]:
    """The same, of a frame that was read."""
    listening = [*LayoutView.receives.topics, *view.receives.topics, *topics]
    return {
        "here": view.name,
        "user": caller.name,
        "role": caller.role,
        "preferences": caller.preferences,
        "may": caller.permissions,
        "navigation": offered(caller.permissions),
        "memberships": frame.memberships,
        "organization": caller.organization,
        "organization_id": caller.organization_id,
        "drawn_for": caller.page_owner,
        "live_url": "/live?"
        + urlencode({"view": view.name, "topics": ",".join(dict.fromkeys(listening)), "drawn_for": caller.page_owner}),
        "rail_views": _rail_views(frame, caller),
        "live_since": live_since,
        "top_alert": frame.top_alert,
        "alert_counts": frame.alert_counts,
        "circuit": frame.circuit,
        "sources": sources_of(frame.circuit, frame.kinds, datetime.now(UTC)),
        "inventory_confirmed_at": frame.inventory.finished_at if frame.inventory else None,
    }
