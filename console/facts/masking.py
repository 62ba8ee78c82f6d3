"""IMSI and MSISDN as those see them who may not read them: the last four digits.

Who may is one permission (`Caller.sees_identifiers`), asked for pages, API and sockets alike.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import Struct, structs

from console.facts.actions import Action, ActionChanged
from console.facts.sims import SimChanged

MASKED = ("imsi", "msisdn")  # fields of a SIM
MASKED_KINDS = frozenset({"sim.changed", "action.changed"})  # of facts: others name neither
LEFT_OPEN = 4
WRITTEN = re.compile(r"\b(IMSI|MSISDN): (\d+)")  # as the facts of a ticket name them
Fact = TypeVar("Fact")
Sim = TypeVar("Sim", bound=Struct)


def masked(text: str) -> str:
    """All but the last four characters hidden."""
    return "…" + text[-LEFT_OPEN:]


def masked_sim(sim: Sim) -> Sim:
    """The SIM, or what has some fields of one, with both masked."""
    found = {name: masked(value) for name in MASKED if (value := getattr(sim, name, None))}
    return structs.replace(sim, **found) if found else sim


def masked_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A SIM by the names of its fields, or some of them, with both masked."""
    return {name: masked(value) if value and name in MASKED else value for name, value in row.items()}


def masked_text(text: str) -> str:
    """A text with both masked where they are written as the facts of a ticket are."""
    return WRITTEN.sub(lambda found: f"{found[1]}: {masked(found[2])}", text)


def masked_action(action: Action) -> Action:
    """The action; of a ticket with both masked in the SIM's facts, of a filled message with its template."""
    given = action.parameters
    texts = {name: masked_text(value) for name, value in given.items() if isinstance(value, str)}
    if "template" in given:
        texts["payload"] = str(given["template"])
    return structs.replace(action, parameters={**given, **texts}) if texts else action


def masked_fact(fact: Fact) -> Fact:
    """The fact with both masked; the very same fact where it names neither."""
    if isinstance(fact, SimChanged):
        return structs.replace(fact, data=masked_sim(fact.data))
    if isinstance(fact, ActionChanged):
        return structs.replace(fact, data=masked_action(fact.data))
    return fact
