"""What the network's view of a SIM says is wrong: refused, steered, abroad, without a session, silent. No database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from console.actions.findings import Cause, Evidence, Finding, Known, said_by
from console.facts.network import NetworkEvent
from console.facts.sims import Connection

RECENT = timedelta(days=7)  # so long a refusal counts; 1NCE itself keeps events for as long
SESSION_OPENED, SESSION_CLOSED, LOCATED = frozenset({3, 4}), 5, frozenset({1, 2})
BLOCKED, ENABLED = 11, 42
BLOCKED_WITHIN = timedelta(minutes=1)  # of a session that was ended because the SIM is blocked
NO_SESSION_AFTER = timedelta(hours=1)
STEERED = timedelta(hours=1)
OPERATORS = 3  # so many different ones within STEERED
GAPS = 10  # between events; of fewer, the rhythm is not known
QUIET_TIMES, LEAST_QUIET = 3, timedelta(minutes=15)  # silent: longer than three usual gaps, and than this


def usual_gap(events: Sequence[NetworkEvent]) -> timedelta | None:
    """The gap between events that one in twenty exceeds; None of fewer than GAPS."""
    times = sorted({event.time for event in events})
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    return gaps[min(len(gaps) - 1, len(gaps) * 95 // 100)] if len(gaps) >= GAPS else None


def has_session_since(known: Known, event: NetworkEvent) -> bool:
    """Whether 1NCE says of the open session that it began after the event."""
    started = known.sim.session_started_at
    return started is not None and started > event.time


def is_lifted(known: Known, event: NetworkEvent) -> bool:
    """Whether what barred the SIM from data is gone: it was enabled after the event, or is blocked no longer."""
    if known.enabled_at is not None and known.enabled_at > event.time:
        return True
    if any(one.type == ENABLED and one.time > event.time for one in known.events):
        return True
    block, asked_at = _block_of(known, event), known.sim.confirmed_at
    if block is None or known.sim.connection in (None, Connection.BLOCKED) or asked_at is None:
        return False
    return asked_at > max(block.time, event.time)


def _block_of(known: Known, event: NetworkEvent) -> NetworkEvent | None:
    """The block by which the event came: at its moment, or the last before it with no success between."""
    for one in known.events:
        if one.time > event.time + BLOCKED_WITHIN:
            continue
        if one.type == BLOCKED:
            return one
        if one.type in (*LOCATED, *SESSION_OPENED) and not one.cause:
            return None
    return None


def network(known: Known, now: datetime) -> Finding | None:
    """Networks refuse it, or it goes from one to the other: steering, or no agreement with any of them."""
    placed = [one for one in known.events if one.type in LOCATED]
    opened = next((one.time for one in known.events if one.type in SESSION_OPENED and not one.cause), None)
    if placed and ((opened is not None and opened > placed[0].time) or has_session_since(known, placed[0])):
        return None
    if placed and placed[0].cause and now - placed[0].time <= RECENT:
        refused = [one for one in placed if one.cause and placed[0].time - one.time <= STEERED]
        names = sorted({one.operator for one in refused if one.operator})
        by = Evidence(text=f"Refused by: {', '.join(names)}.", as_of=placed[0].time) if len(names) > 1 else None
        return Finding.of(Cause.REFUSED_BY_NETWORK, known.sim, said_by(placed[0]), *([by] if by else []))
    last = [one for one in placed if now - one.time <= STEERED]
    names = sorted({one.operator for one in last if one.operator})
    if len(names) < OPERATORS:
        return None
    text = f"{len(names)} operators within an hour: {', '.join(names)}."
    return Finding.of(Cause.STEERED, known.sim, Evidence(text=text, as_of=last[0].time))


def abroad(known: Known, now: datetime) -> Finding | None:
    """It is in a country where it has not been before, as far back as its places are kept."""
    sim, usual = known.sim, known.usual_country
    if not (sim.country and usual and known.country_since) or sim.country == usual:
        return None
    since = f"In {sim.country} since {known.country_since:%Y-%m-%d %H:%M} UTC, always in {usual} before."
    return Finding.of(Cause.FOREIGN_NETWORK, sim, Evidence(text=since, as_of=sim.confirmed_at))


def no_session(known: Known, now: datetime) -> Finding | None:
    """It is registered, and has opened no session for longer than it usually waits."""
    sim = known.sim
    if sim.connection != Connection.ATTACHED or sim.session_started_at is not None or not known.events:
        return None
    last = next((one for one in known.events if one.type in (*SESSION_OPENED, SESSION_CLOSED)), None)
    usual = QUIET_TIMES * (usual_gap(known.events) or timedelta(0))
    if last is None and known.events_at is None:
        return None  # nobody has asked 1NCE for its events
    if last is not None and now - last.time < max(NO_SESSION_AFTER, usual):
        return None
    evidence = [Evidence(text="1NCE says: attached, no data session.", as_of=sim.confirmed_at)]
    none = Evidence(text="No session was opened in the last seven days.", as_of=known.events_at)
    return Finding.of(Cause.NO_SESSION, sim, *evidence, said_by(last) if last else none)


def quiet_since(known: Known, now: datetime) -> datetime | None:
    """Since when it is silent against its own rhythm, by what is known; None if it is not, or can't be said."""
    gap = usual_gap(known.events)
    if gap is None:
        return None
    last = max(known.events[0].time, known.sim.last_seen_at or known.events[0].time)
    return last if now - last > max(QUIET_TIMES * gap, LEAST_QUIET) else None


def asked_since(known: Known, now: datetime) -> bool:
    """Whether 1NCE has confirmed the connection after the SIM should have been seen."""
    since, gap = quiet_since(known, now), usual_gap(known.events)
    at = known.sim.confirmed_at
    return since is not None and gap is not None and at is not None and at > since + max(QUIET_TIMES * gap, LEAST_QUIET)


def silent(known: Known, now: datetime) -> Finding | None:
    """It was not seen for longer than its own rhythm allows, and 1NCE was asked meanwhile."""
    since, gap = quiet_since(known, now), usual_gap(known.events)
    if since is None or gap is None or not asked_since(known, now):
        return None
    usual = max(1, round(gap.total_seconds() / 60))
    text = f"Last seen {since:%Y-%m-%d %H:%M} UTC; usually no more than {usual:,} min pass between two network events."
    return Finding.of(Cause.SILENT, known.sim, Evidence(text=text, as_of=known.sim.confirmed_at))
