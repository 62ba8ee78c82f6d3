"""Every answer of every SIM, in every state, held against 1NCE's own OpenAPI documents."""

from __future__ import annotations

from typing import Any

from simulator.fleet.event_types import EventType
from simulator.fleet.events import recent
from simulator.fleet.fleet import Fleet
from simulator.fleet.records import event
from tests.simulator import documents
from tests.simulator.conftest import Simulated

CALLS = ("", "/status", "/quota/data", "/quota/sms", "/events")


def _sort(event: dict[str, Any]) -> tuple[int, str]:
    return event["event_type"]["id"], ",".join(sorted(event.get("detail", {}).get("pdp_context", {}) or event))


def test_every_answer_is_as_documented(simulated: Simulated) -> None:
    simulated.sim("POST", "step", {"seconds": 7200})
    blocked = simulated.some("ATTACHED", 5)
    simulated.set(blocked, connection="BLOCKED")
    documents.check(documents.SIMS, "GET", "/v2/sims", 200, simulated.get("/v2/sims?pageSize=100").json())
    connections, generations = set(), set()
    sorts: set[tuple[int, str]] = set()  # one event of each sort is enough
    for iccid in simulated.iccids():
        for call in CALLS:
            size = "?pageSize=1000" if call == "/events" else ""
            answer = simulated.get(f"/v2/sims/{iccid}{call}{size}")
            assert answer.status_code == 200
            body = answer.json()
            if call == "/events":
                body = [event for event in body if _sort(event) not in sorts]
                sorts |= {_sort(event) for event in body}
            documents.check(documents.SIMS, "GET", f"/v2/sims/{{iccid}}{call}", 200, body)
            if call == "/status":
                connections.add(body["status"]["description"])
                for context in body.get("pdp_contexts", ()):
                    generations.add(tuple(key for key in context if key.endswith("_uli")))
    assert connections == {"ONLINE", "ATTACHED", "OFFLINE", "BLOCKED"}
    assert {1, 2, 3, 4, 5, 11, 15, 16, 18, 19} <= {kind for kind, _ in sorts}
    assert generations == {("gtp_v1_uli",), ("gtp_v2_uli",)}


def test_an_event_of_each_kind_is_as_documented() -> None:
    fleet = Fleet(20, 7)
    for kind in EventType:
        for cause in (None, "QUOTA_EXPIRED"):
            fleet.note(fleet.cards[3], kind, cause)
    events = [event(fleet.series, fleet.cards[3], it) for it in recent(fleet.cards[3], fleet.wall())]
    assert {one["event_type"]["id"] for one in events} == set(EventType)
    documents.check(documents.SIMS, "GET", "/v2/sims/{iccid}/events", 200, events)


def test_some_gateways_have_several_sessions_at_once(looked_at: Simulated) -> None:
    several = [iccid for iccid in looked_at.iccids() if looked_at.truth(iccid)["contexts"] > 1]
    assert several
    contexts = looked_at.get(f"/v2/sims/{several[0]}/status").json()["pdp_contexts"]
    assert len({context["nsapi"] for context in contexts}) == len(contexts) > 1


def test_a_refusal_is_as_documented(simulated: Simulated) -> None:
    sim = "/v2/sims/{iccid}"
    iccid = simulated.some("OFFLINE")
    bad = simulated.put(f"/v2/sims/{iccid}", json={"status": "Asleep"})
    assert bad.status_code == 400
    documents.check(documents.SIMS, "PUT", sim, 400, bad.json())
    simulated.sim("POST", "faults", {"path": iccid, "kind": "status", "status": 500, "times": 1})
    documents.check(documents.SIMS, "GET", sim, 500, simulated.get(f"/v2/sims/{iccid}").json())
