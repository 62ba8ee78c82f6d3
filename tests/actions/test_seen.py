"""What of a SIM matters to each action, and what is said when a page did not show it as it is."""

from typing import Any

import pytest

from console.actions.seen import MATTERS, NAMES, UNSAID, as_it_is, differences, seen
from console.facts.actions import ActionKind
from console.facts.sims import SimState

SIM = SimState(iccid="8988228066600000001", status="enabled", connection="attached", label="pump-1", imei_lock=False)
CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("reset", {}, []),
    ("reset", {"connection": "online"}, ["The connection is online now; the page showed attached."]),
    ("reset", {"label": "pump-2"}, []),
    ("label", {"label": ""}, ["The label is empty now; the page showed pump-1."]),
    ("imei_lock", {"imei_lock": True}, ["The IMEI lock is on now; the page showed off."]),
    ("imei_lock", {"imei": "867648040000001"}, ["The IMEI is 867648040000001 now; the page showed not known."]),
    ("topup", {"data_total_bytes": 524_288_000},
     ["The data after the last top-up is 524,288,000 bytes now; the page showed not known."]),
    ("topup", {"status": "disabled", "connection": "offline"},
     ["The SIM status is disabled now; the page showed enabled."]),
    ("ticket", {"status": "disabled"}, []),
    ("nothing", {"status": "disabled"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "changed", "sentences"), CASES)
def test_what_matters_is_said(kind: str, changed: dict[str, Any], sentences: list[str]) -> None:
    now = SimState(**{name: getattr(SIM, name) for name in SIM.__struct_fields__} | changed)
    assert differences(seen(SIM, kind), now, kind) == sentences
    assert differences(seen(now, kind), now, kind) == []


@pytest.mark.parametrize("shown", ["{", "[1]", "7"])
def test_what_cant_be_read_is_no_page(shown: str) -> None:
    assert differences(shown, SIM, "reset") == ["What the page showed can't be read."]


@pytest.mark.parametrize("shown", ["", "{}", '{"status":"enabled"}'])
def test_what_a_form_does_not_say_is_not_taken_as_seen(shown: str) -> None:
    said = f"{UNSAID} As it is now: SIM status enabled, connection attached."
    assert differences(shown, SIM, "reset") == [said]
    assert differences(shown, SIM, "ticket") == []


def test_all_that_matters_has_a_name() -> None:
    assert {name for names in MATTERS.values() for name in names} == NAMES.keys()
    assert as_it_is(SIM, ActionKind.RESET) == "As it is now: SIM status enabled, connection attached."
