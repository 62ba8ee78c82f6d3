"""Why a SIM does not work: pure rules over what is stored, each with its evidence and what to try.

What is not known is said to be unknown: no rule concludes from a value that 1NCE has not given.
"""

from collections.abc import Callable
from datetime import datetime

from console.actions.findings import Cause, Evidence, Finding, Known, said_by
from console.actions.network_findings import (
    BLOCKED,
    GAPS,
    RECENT,
    SESSION_CLOSED,
    SESSION_OPENED,
    abroad,
    asked_since,
    has_session_since,
    is_lifted,
    network,
    no_session,
    quiet_since,
    silent,
    usual_gap,
)
from console.facts.network import NetworkEvent
from console.facts.sims import Connection

REFUSALS = {
    "IMEI_LOCK_BREACHED": Cause.IMEI_LOCK,
    "APN_NOT_AUTHORIZED": Cause.WRONG_APN,
    "QUOTA_EXHAUSTED": Cause.QUOTA_USED_UP,
    "NO_QUOTA_FOUND": Cause.QUOTA_USED_UP,
    "QUOTA_EXPIRED": Cause.EXPIRED,
    "MONTHLY_USAGE_LIMIT_EXCEEDED": Cause.LIMIT_REACHED,
    "DATA_SERVICE_BARRED": Cause.BARRED,
}


def diagnosed(known: Known, now: datetime) -> tuple[list[Finding], list[str]]:
    """What is wrong, the most certain cause first, and what can't be said because it is not known."""
    found: dict[Cause, Finding] = {}
    for rule in RULES:
        finding = rule(known, now)
        if finding is not None and finding.cause not in found:
            found[finding.cause] = finding
    ordered = [found[cause] for cause in Cause if cause in found]
    if any(one.cause in EXPLAINS_SILENCE for one in ordered):  # then they follow from it
        ordered = [one for one in ordered if one.cause not in (Cause.NO_SESSION, Cause.SILENT)]
    return ordered, unknowns(known, now)


EXPLAINS_SILENCE = frozenset(
    {Cause.DISABLED, Cause.EXPIRED, Cause.QUOTA_USED_UP, Cause.BLOCKED, Cause.IMEI_LOCK, Cause.WRONG_APN}
    | {Cause.LIMIT_REACHED, Cause.BARRED, Cause.REFUSED_BY_NETWORK}
)


def unknowns(known: Known, now: datetime) -> list[str]:
    """Sentences about what is not known and would be needed."""
    sim, found = known.sim, []
    if sim.status is None:
        found.append("1NCE has not said whether the SIM is enabled.")
    if sim.connection is None:
        found.append("1NCE has not said whether the SIM is on a network.")
    if sim.data_quota is None and sim.data_left_bytes is None:
        found.append("1NCE has not said what is left of the data quota.")
    if not known.events:
        found.append("No network event of the last seven days is known: refusals by the network can't be seen.")
    if usual_gap(known.events) is None:
        found.append(f"Its rhythm is not known: it takes {GAPS + 1} network events, {len(known.events)} are known.")
    elif quiet_since(known, now) is not None and not asked_since(known, now):
        found.append("It may be silent: 1NCE has not been asked since it should have been seen.")
    return found


def _disabled(known: Known, now: datetime) -> Finding | None:
    if known.sim.status != "disabled":
        return None
    evidence = Evidence(text="1NCE's inventory says: disabled.", as_of=known.inventory_at)
    return Finding.of(Cause.DISABLED, known.sim, evidence)


def _quota(known: Known, now: datetime) -> Finding | None:
    sim = known.sim
    if sim.data_quota == "expired" or (sim.data_expires_at is not None and sim.data_expires_at <= now):
        ended = f", ended {sim.data_expires_at:%Y-%m-%d}" if sim.data_expires_at else ""
        return Finding.of(Cause.EXPIRED, sim, Evidence(text=f"The data quota is expired{ended}.", as_of=known.quota_at))
    if sim.data_quota == "exhausted" or (sim.data_left_bytes is not None and sim.data_left_bytes <= 0):
        left = "nothing" if sim.data_left_bytes is None else f"{sim.data_left_bytes:,} bytes"
        return Finding.of(
            Cause.QUOTA_USED_UP, sim, Evidence(text=f"Left of the data quota: {left}.", as_of=known.quota_at)
        )
    return None


def _blocked(known: Known, now: datetime) -> Finding | None:
    if known.sim.connection != Connection.BLOCKED:
        return None
    evidence = [Evidence(text="1NCE says of its connection: blocked.", as_of=known.sim.confirmed_at)]
    event = next((one for one in known.events if one.type == BLOCKED), None)
    return Finding.of(Cause.BLOCKED, known.sim, *evidence, *([said_by(event)] if event else []))


def _refused(known: Known, now: datetime) -> Finding | None:
    """The last attempt to open a session was refused, or a session was ended, for a cause that 1NCE named."""
    for event in known.events:
        if event.type in SESSION_OPENED and not event.cause:
            return None  # a session was opened since
        if event.type in (*SESSION_OPENED, SESSION_CLOSED) and event.cause:
            cause = REFUSALS.get(event.cause.upper())
            if cause is None or now - event.time > RECENT or _mended(cause, known, event):
                return None
            return Finding.of(cause, known.sim, said_by(event), *_beside(cause, known))
    return None


def _mended(cause: Cause, known: Known, event: NetworkEvent) -> bool:
    """What the event says is no longer so, by what 1NCE has said since."""
    if has_session_since(known, event):
        return True
    if cause is Cause.BARRED:
        return is_lifted(known, event)
    sim, quota_at, inventory_at = known.sim, known.quota_at, known.inventory_at
    if cause in (Cause.QUOTA_USED_UP, Cause.EXPIRED):
        return sim.data_quota == "active" and quota_at is not None and quota_at > event.time
    return (
        cause is Cause.IMEI_LOCK and sim.imei_lock is False and inventory_at is not None and inventory_at > event.time
    )


def _beside(cause: Cause, known: Known) -> list[Evidence]:
    sim = known.sim
    if cause is Cause.IMEI_LOCK and sim.imei_lock is not None:
        lock = "on" if sim.imei_lock else "off"
        return [
            Evidence(
                text=f"The IMEI lock is {lock}; the device is {sim.imei or 'not known'}.", as_of=known.inventory_at
            )
        ]
    if cause is Cause.WRONG_APN and sim.apn:
        return [Evidence(text=f"The last APN that worked: {sim.apn}.", as_of=sim.confirmed_at)]
    return []


Rule = Callable[[Known, datetime], Finding | None]
RULES: tuple[Rule, ...] = (_disabled, _quota, _blocked, _refused, network, abroad, no_session, silent)
