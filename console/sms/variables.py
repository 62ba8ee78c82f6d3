"""What stands for a SIM's own values in the text of a message: `{label}`, `{iccid}`, or the name of a custom field."""

import re

from console.errors import Invalid
from console.facts.sims import SimState

VARIABLE = re.compile(r"\{([a-z][a-z0-9_]{0,39})\}")  # other braces are text, as in {"on": 1}
OWN = ("label", "iccid", "imsi", "msisdn", "imei", "ip_address")  # of the SIM; all others are custom fields


def variables(text: str) -> list[str]:
    """The names in the text, each once, in their order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def value_of(sim: SimState, name: str) -> str:
    """What the name stands for; empty if the SIM has no such value."""
    return (getattr(sim, name) if name in OWN else sim.custom_fields.get(name)) or ""


def missing(text: str, sim: SimState) -> list[str]:
    """The names in the text that the SIM has no value for."""
    return [name for name in variables(text) if not value_of(sim, name)]


def filled(text: str, sim: SimState) -> str:
    """The text with the SIM's own values. Raises Invalid where the SIM lacks one: nothing is sent with a gap."""
    if lacking := missing(text, sim):
        names = ", ".join(f"{{{name}}}" for name in lacking)
        raise Invalid(f"This SIM has no value for {names}", iccid=sim.iccid, missing=lacking)
    return VARIABLE.sub(lambda found: value_of(sim, found[1]), text)
