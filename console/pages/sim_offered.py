"""What the forms of a SIM's page offer and carry, as the page shows the SIM from now on."""

from collections.abc import Iterable

from console.actions.seen import seen
from console.facts.actions import ActionKind
from console.facts.sims import SimState
from console.live.pieces import Html, replace
from console.pages.templating import Fragments

SWITCHES = (ActionKind.STATUS, ActionKind.IMEI_LOCK)  # of which only what changes something is offered


def forms_now(fragments: Fragments, sim: SimState, kinds: Iterable[ActionKind]) -> list[Html]:
    """What the forms of these actions carry of the SIM, and which of two opposite settings they offer."""
    found: list[tuple[str, str]] = []
    for kind in kinds:
        found.append((f"seen-{kind}", fragments.draw("sim/_seen.html", sim=sim, kind=kind, seen=seen(sim, kind))))
        if kind in SWITCHES:
            found.append((f"offered-{kind}", fragments.draw("sim/_offered.html", sim=sim, kind=kind)))
    return [replace(place, html, revision=sim.revision) for place, html in found]
