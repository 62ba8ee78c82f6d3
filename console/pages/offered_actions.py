"""What can be done from every page: the search for SIMs and pages offers these by their words."""

from collections.abc import Sequence

from msgspec import Struct

from console.facts.sims import SimState
from console.organizations.rules import Caller, Permission


class OfferedAction(Struct, frozen=True):
    """Something to do, and where it is done."""

    title: str
    href: str
    permission: Permission


EVERYWHERE = (
    OfferedAction("Act on many SIMs", "/bulk-actions/new", Permission.SIMS_ACT),
    OfferedAction("Import tags, notes and fields", "/sim-imports", Permission.SIMS_WRITE),
    OfferedAction("Approve what waits", "/approvals", Permission.SIMS_READ),
    OfferedAction("Change alert rules", "/alert-rules", Permission.ALERTS_WRITE),
    OfferedAction("Silence alerts", "/silences", Permission.ALERTS_ACT),
    OfferedAction("Hand over the shift", "/handover", Permission.ALERTS_READ),
    OfferedAction("Write SMS templates", "/sms-templates", Permission.SMS_WRITE),
    OfferedAction("Change budgets of top-ups", "/budgets", Permission.BUDGETS_WRITE),
    OfferedAction("Run a job now", "/jobs", Permission.JOBS_RUN),
    OfferedAction("Invite a user", "/users", Permission.ADMIN),
    OfferedAction("Make an API key or a key for a wall", "/api-keys", Permission.ADMIN),
    OfferedAction("Stop all spending", "/flags", Permission.ADMIN),
)
ON_A_SIM = (
    ("Reset", "reset", Permission.SIMS_ACT),
    ("Send SMS to", "sms", Permission.SMS_SEND),
    ("Top up", "topup", Permission.SIMS_SPEND),
)


def has_words(title: str, text: str) -> bool:
    """Whether each word of a text begins one of the title, whatever its case."""
    known = title.casefold().split()
    return all(any(one.startswith(word) for one in known) for word in text.casefold().split())


def actions_named(caller: Caller, text: str, found: Sequence[SimState]) -> list[OfferedAction]:
    """What this caller may do that this text names; of a SIM where it is the only one that was found."""
    if not text.strip():
        return []
    named = [one for one in EVERYWHERE if has_words(one.title, text)]
    if len(found) == 1:
        sim = found[0]
        name = sim.label or sim.iccid
        named += [
            OfferedAction(f"{verb} {name}", f"/sims/{sim.iccid}#ask-{kind}", need) for verb, kind, need in ON_A_SIM
        ]
    return [one for one in named if caller.may(one.permission)]
