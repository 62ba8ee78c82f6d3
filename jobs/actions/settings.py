"""The settings of a SIM at 1NCE that actions change."""

from typing import Any

from console.facts.actions import ActionKind
from console.once.models import Sim


def as_wanted(sim: Sim, kind: ActionKind, parameters: dict[str, Any]) -> bool:
    """Whether 1NCE shows the setting that was asked for."""
    if kind is ActionKind.STATUS:
        return sim.status == ("enabled" if parameters["enabled"] else "disabled")
    if kind is ActionKind.IMEI_LOCK:
        return bool(sim.imei_lock) is bool(parameters["locked"])
    return (sim.label or "") == str(parameters["label"])


def changes_of(kind: ActionKind, parameters: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `Commands.configure`."""
    if kind is ActionKind.STATUS:
        return {"enabled": parameters["enabled"]}
    if kind is ActionKind.IMEI_LOCK:
        return {"imei_lock": parameters["locked"]}
    return {"label": parameters["label"]}
