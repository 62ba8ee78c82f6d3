"""How the browser door puts facts into messages: the very fragments that the page was made of, drawn once for all."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from jinja2 import Environment

from console import facts
from console.facts.carrier import CarrierChanged, CircuitStatus
from console.facts.jobs import JobChanged, JobRun
from console.facts.network import NetworkEvent, NetworkEventReported
from console.facts.sims import SimChanged, SimState
from console.facts.sms import Sms, SmsChanged
from console.facts.streamer import StreamerChanged
from console.facts.usage import SimUsageChanged
from console.live.feed import Heard
from console.live.frames import framed, said
from console.live.messages import StreamMark

Messages = Sequence[tuple[str | None, bytes]]
NOTHING: Messages = ()
LATEST = timedelta(hours=1)


def partial(target: str, swap: str, html: str) -> bytes:
    """A piece of page for the element with this id; skipped by the browser if it is not there."""
    return f'<hx-partial hx-target="#{target}" hx-swap="{swap}">{html}</hx-partial>'.encode()


class Fragments:
    """Draws fragments from the page's own templates."""

    def __init__(self, environment: Environment) -> None:
        """Templates are looked up when first drawn."""
        self._environment = environment

    def draw(self, template: str, **context: Any) -> str:
        """The fragment."""
        return self._environment.get_template(template).render(**context)

    def row(self, state: SimState) -> bytes:
        """A SIM's row in the list."""
        return partial(f"sim-{state.iccid}", "outerMorph", self.draw("sims/_row.html", sim=state))

    def state(self, state: SimState) -> bytes:
        """A SIM's identity and place on its own page."""
        return partial("sim-state", "outerMorph", self.draw("sim/_state.html", sim=state))

    def confirmed(self, state: SimState) -> bytes:
        """When 1NCE last confirmed a SIM, in its row."""
        return partial(f"confirmed-{state.iccid}", "outerMorph", self.draw("sims/_confirmed.html", sim=state))

    def head_confirmed(self, state: SimState) -> bytes:
        """When 1NCE last confirmed a SIM, on its own page."""
        return partial("sim-confirmed", "outerMorph", self.draw("sim/_head_confirmed.html", sim=state))

    def event(self, event: NetworkEvent, template: str, target: str) -> bytes:
        """A new line on top of a list of events."""
        return partial(target, "afterbegin", self.draw(template, event=event))

    def sms(self, message: Sms) -> bytes:
        """A message: its own line if it is there, else a new one on top."""
        return partial("sim-sms", "afterbegin", self.draw("sim/_sms.html", message=message))

    def run(self, run: JobRun) -> bytes:
        """A run that has ended: its own line if it is there, else a new one on top."""
        html = self.draw("jobs/_run.html", run=run)
        return partial(f"run-{run.id}", "outerMorph", html) + partial("runs", "afterbegin", html)

    def counts(self, counts: dict[str, Any]) -> bytes:
        """The fleet's counts."""
        return partial("fleet-counts", "outerMorph", self.draw("overview/_counts.html", counts=counts))

    def usage(self, usage: dict[str, Any]) -> bytes:
        """The fleet's usage."""
        return partial("fleet-usage", "outerMorph", self.draw("overview/_usage.html", usage=usage))

    def quotas(self, state: SimState, forecast: Any) -> bytes:
        """A SIM's quotas on its own page."""
        return partial("sim-quotas", "outerMorph", self.draw("sim/_quotas.html", sim=state, forecast=forecast))

    def line(self, line: CircuitStatus) -> dict[str, bytes]:
        """The line to 1NCE, by the place where it is shown: on every page, on top of the jobs, on its own page."""
        return {
            f"carrier-{place}": partial(
                f"carrier-{place}", "outerMorph", self.draw(f"carrier/_{place}.html", line=line)
            )
            for place in ("banner", "trouble", "circuit")
        }

    def carrier(self, shown: dict[str, Any]) -> bytes:
        """The sections of the page "1NCE" that a run of a job can change."""
        sections = ("polling", "streamer", "reconciliation", "operations")
        return b"".join(
            partial(f"carrier-{name}", "outerMorph", self.draw(f"carrier/_{name}.html", **shown)) for name in sections
        )

    def stream(self, stream: Any) -> bytes:
        """Whether the Data Streamer is missed, on the fleet's page."""
        return partial("fleet-stream", "outerMorph", self.draw("overview/_streamer.html", stream=stream))

    def job(self, job: Any) -> bytes:
        """A job's line in the schedule."""
        return partial(f"job-{job.name}", "outerMorph", self.draw("jobs/_job.html", job=job))


class View:
    """What one kind of page makes of a fact. The hub offers a fact to everybody before the next: so one is remembered.

    `redraw` is told what needs a look at the database; that is done at most once a second for all who wait for it.
    """

    def __init__(self, name: str, fragments: Fragments, redraw: Callable[[str, int, str], None]) -> None:
        """One of these serves every page of its kind."""
        self._draw: Callable[[facts.Fact, Heard], Messages] = getattr(self, f"_{name}")
        self.name = name
        self._fragments = fragments
        self._redraw = redraw
        self._of: Heard | None = None
        self._last: Messages = NOTHING
        self._mark = (-1, b"")

    def phrase(self, heard: Heard, epoch: str) -> Messages:
        """The messages of this fact for this kind of page."""
        if heard is not self._of:
            fact = facts.decode(heard.body)
            self._last = self._carrier_of(fact, heard) if isinstance(fact, CarrierChanged) else self._draw(fact, heard)
            self._of = heard  # only now: of a fact that can't be drawn nothing is remembered, least of all another's
        return self._last

    def wrap(self, pieces: Sequence[bytes], reached: int | None) -> Sequence[bytes]:
        """All HTML in one message, then how far that brings the page; then what is no HTML, framed already."""
        html = b"".join([piece for piece in pieces if piece.startswith(b"<")])
        frames = [framed(html)] if html else []
        if reached is not None:
            frames.append(self.mark(reached))
        return [*frames, *(piece for piece in pieces if not piece.startswith(b"<"))]

    def mark(self, reached: int) -> bytes:
        """How far the browser is, for when it comes back: made once for all who are as far."""
        if self._mark[0] != reached:
            self._mark = (reached, said(StreamMark(seq=reached)))
        return self._mark[1]

    def _carrier_of(self, fact: CarrierChanged, heard: Heard) -> Messages:
        """Every page says whether 1NCE answers; its own page says more."""
        if self.name == "carrier":
            self._redraw("carrier", heard.organization_id, "")
        return tuple(self._fragments.line(fact.data.circuit).items())

    def _sims(self, fact: facts.Fact, _: Heard) -> Messages:
        if isinstance(fact, SimChanged):
            return ((f"sim:{fact.subject}", self._fragments.row(fact.data)),)
        return NOTHING

    def _sim(self, fact: facts.Fact, heard: Heard) -> Messages:
        if isinstance(fact, SimChanged):
            self._redraw("quotas", heard.organization_id, fact.subject)
            return (("state", self._fragments.state(fact.data)),)
        if isinstance(fact, NetworkEventReported):
            return ((None, self._fragments.event(fact.data, "sim/_event.html", "sim-events")),)
        if isinstance(fact, SmsChanged):
            return ((None, self._fragments.sms(fact.data)),)
        return NOTHING

    def _fleet(self, fact: facts.Fact, heard: Heard) -> Messages:
        if isinstance(fact, NetworkEventReported):
            if fact.time - fact.data.time > LATEST:
                return NOTHING  # a poll has found it late: it is none of the latest
            return ((None, self._fragments.event(fact.data, "overview/_event.html", "events")),)
        if isinstance(fact, SmsChanged):
            return NOTHING
        what = {SimUsageChanged: "usage", StreamerChanged: "stream"}.get(type(fact), "counts")
        self._redraw(what, heard.organization_id, "")
        return NOTHING

    def _jobs(self, fact: facts.Fact, heard: Heard) -> Messages:
        if isinstance(fact, JobChanged):
            self._redraw("job", heard.organization_id, fact.subject)
            return ((None, self._fragments.run(fact.data)),)
        return NOTHING

    def _carrier(self, _: facts.Fact, heard: Heard) -> Messages:
        self._redraw("carrier", heard.organization_id, "")
        return NOTHING


VIEWS = ("fleet", "sims", "sim", "jobs", "carrier")
