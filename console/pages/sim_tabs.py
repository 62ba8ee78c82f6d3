"""The tabs of a SIM's page: its events, messages, sessions, usage and audit trail, each with its address."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from console.audit import reads as audit_reads
from console.audit.actions import BY_NAME
from console.audit.rules import LineFilter
from console.connectivity import reads as connectivity_reads
from console.connectivity.spans import spans
from console.facts.sims import SimState
from console.organizations.rules import Caller, Permission
from console.pages.audit import changes_of
from console.pages.row_places import cursor_before
from console.sms import reads as sms_reads
from console.sms.api import shown as shown_messages

TABS = {"events": "Events", "sms": "SMS", "sessions": "Sessions", "usage": "Usage", "audit": "Audit trail"}
FIRST = "events"
EVENTS = 25
MESSAGES = 25
LINES = 50  # of sessions and of the audit trail
SESSION_DAYS = 30
Tab = Annotated[str, QueryParameter(max_length=20)]


async def tab_context(
    reading: AsyncConnection,
    caller: Caller,
    sim: SimState,
    asked: str,
    kept: Mapping[str, str],
    before: str,
    sms_before: str,
) -> dict[str, Any]:
    """What `sim/_tabs.html` shows. `asked`: one of TABS, else the first, or messages for an address from before there
    were tabs; `kept`: what else stands in the address. The audit trail is there for those who may read it."""
    tabs = {name: title for name, title in TABS.items() if name != "audit" or caller.may(Permission.AUDIT_READ)}
    tab = asked if asked in tabs else "sms" if sms_before else FIRST

    def address(name: str, **more: str) -> str:
        return f"/sims/{sim.iccid}?{urlencode({'tab': name, **kept, **more})}#sim-tabs"

    shown = {"events": _events, "sms": _messages, "sessions": _sessions, "audit": _lines}.get(tab)
    found = await shown(reading, caller, sim, before if tab == "events" else sms_before) if shown else {}
    if older := found.pop("cursor_older", None):
        found["older"] = address(tab, **{"sms_before" if tab == "sms" else "before": older})
    if found.pop("is_past", False):
        found["newest"] = address(tab)
    return {
        "tab": tab,
        "tabs": {name: (title, address(name)) for name, title in tabs.items()},
        "tab_as_of": datetime.now(UTC),
        "older": None,
        "newest": None,
        **found,
    }


async def _events(reading: AsyncConnection, caller: Caller, sim: SimState, before: str) -> dict[str, Any]:
    cursor = cursor_before(connectivity_reads.EVENT_ORDER, before)
    found, older = await connectivity_reads.events(
        reading, caller.organization_id, iccid=sim.iccid, limit=EVENTS, cursor=cursor
    )
    return {"events": found, "cursor_older": older, "is_past": cursor is not None}


async def _messages(reading: AsyncConnection, caller: Caller, sim: SimState, before: str) -> dict[str, Any]:
    cursor = cursor_before(sms_reads.ORDER, before)
    found, older = await sms_reads.of_sim(reading, caller.organization_id, sim.iccid, limit=MESSAGES, cursor=cursor)
    return {"sms": shown_messages(caller, found), "cursor_older": older, "is_past": cursor is not None}


async def _sessions(reading: AsyncConnection, caller: Caller, sim: SimState, _before: str) -> dict[str, Any]:
    """When it was online in the last days, the latest first."""
    now = datetime.now(UTC)
    found = await spans(reading, caller.organization_id, sim.iccid, now - timedelta(days=SESSION_DAYS), now)
    sessions = [one for one in found[::-1] if one.connection == "online"]
    return {
        "sessions": sessions[:LINES],
        "more_sessions": max(0, len(sessions) - LINES),
        "session_days": SESSION_DAYS,
        "read_until": now,
    }


async def _lines(reading: AsyncConnection, caller: Caller, sim: SimState, _before: str) -> dict[str, Any]:
    lines, more = await audit_reads.page(reading, caller.organization_id, LineFilter(subject=sim.iccid), limit=LINES)
    return {
        "lines": [(line, changes_of(line)) for line in lines],
        "more_lines": more is not None,
        "texts": {name: kind.text for name, kind in BY_NAME.items()},
    }
