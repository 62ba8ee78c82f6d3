"""The page of one SIM under LIVE: its state, events, messages and actions at once, the rest from the database."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import reads as action_reads
from console.actions.diagnosing import diagnosis_of
from console.actions.seen import MATTERS
from console.facts import Fact
from console.facts.actions import Action, ActionChanged
from console.facts.network import NetworkEventReported
from console.facts.sims import SimChanged, SimState
from console.facts.sms import SmsChanged
from console.facts.topic_names import sims_in
from console.live.pieces import Html, prepend, replace
from console.live.view import Receives, Refresh
from console.pages.actions import drawn, message
from console.pages.sim_offered import forms_now
from console.pages.templating import Fragments
from console.quotas import reconciliation
from console.quotas.forecast import forecast
from console.sims import reads as sim_reads

CONFIRMED = "reconciliation"  # of quotas: no fact reports it
REPLACES = "replaces"
EVERY_SECONDS = 10.0


class SimView:
    """The SIM's state, events and messages at once; its quotas with their forecast from the database."""

    name = "sim"
    receives = Receives(facts=(SimChanged, NetworkEventReported, SmsChanged, ActionChanged))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """Its state, or a new event or message on top of its list."""
        draw = self._fragments.draw
        if isinstance(fact, SimChanged):
            state = replace("sim-state", draw("sim/_state.html", sim=fact.data), revision=fact.data.revision)
            ours = self._fragments.draw("sim/_annotations.html", sim=fact.data)
            annotations = replace("sim-annotations", ours, revision=fact.data.revision)
            facts = replace("sim-facts", draw("sim/_facts.html", sim=fact.data), revision=fact.data.revision)
            return [
                state,
                facts,
                annotations,
                *forms_now(self._fragments, fact.data, MATTERS),
                *_of(fact.data.iccid),
            ]
        if isinstance(fact, NetworkEventReported):
            event = prepend("sim-events", f"event-{fact.data.id}", draw("sim/_event.html", event=fact.data))
            return [event, *([_diagnosis(fact.data.iccid)] if fact.data.iccid else [])]
        if isinstance(fact, SmsChanged):
            sms = f"sms-{fact.data.direction}-{fact.data.id}"
            return [prepend("sim-sms", sms, draw("sim/_sms.html", message=fact.data))]
        if isinstance(fact, ActionChanged):
            return self._action(fact.data)
        return []

    def _action(self, action: Action) -> Sequence[Html]:
        """Its row and message, and in the form of its kind that it is the latest."""
        row = self._fragments.draw("sim/_action.html", **drawn(action))
        after = self._fragments.draw("sim/_after.html", kind=action.kind, after=action.id)
        return [
            prepend("sim-actions", f"action-{action.id}", row, revision=action.revision),
            replace(f"after-{action.kind}", after, revision=action.id),
            message(self._fragments, action),
        ]

    def confirmed(self, sim: SimState) -> Html:
        """When 1NCE last confirmed the SIM, in the head of the page."""
        return replace("sim-confirmed", self._fragments.draw("sim/_head_confirmed.html", sim=sim))

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """Its quotas, when they were confirmed, its diagnosis, or whose place it has taken."""
        sim = await sim_reads.one(reading, organization_id, what.subject)
        if sim is None:
            return []
        if what.part == "diagnosis":
            found = await diagnosis_of(reading, organization_id, sim, datetime.now(UTC))
            return [replace("sim-diagnosis", self._fragments.draw("sim/_diagnosis.html", diagnosis=found))]
        if what.part == REPLACES:
            taken = await action_reads.replacements_by(reading, organization_id, sim.iccid)
            return [replace("sim-replaces", self._fragments.draw("sim/_replaces.html", replacements=taken))]
        if what.part == CONFIRMED:
            found_of = await reconciliation.of_sim(reading, organization_id, sim.iccid, datetime.now(UTC))
            html = self._fragments.draw("sim/_reconciliation.html", reconciliation=found_of)
            return [replace("sim-reconciliation", html)]
        expected = await forecast(reading, organization_id, sim.iccid, datetime.now(UTC))
        html = self._fragments.draw("sim/_quotas.html", sim=sim, forecast=expected)
        return [replace("sim-quotas", html, revision=sim.revision)]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Its quotas, its diagnosis, and whose place it has taken."""
        return [one for iccid in sims_in(topics) for one in _of(iccid)]


def _of(iccid: str) -> tuple[Refresh, ...]:
    """What is drawn from the database when it has changed."""
    replaces = Refresh(part=REPLACES, subject=iccid, topic=f"sim:{iccid}")
    return _quotas(iccid), _diagnosis(iccid), replaces


def _quotas(iccid: str) -> Refresh:
    return Refresh(part="quotas", subject=iccid, topic=f"sim:{iccid}")


def _diagnosis(iccid: str) -> Refresh:
    return Refresh(part="diagnosis", subject=iccid, topic=f"sim:{iccid}")
