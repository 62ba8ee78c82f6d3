"""A ticket to 1NCE's support about a SIM: its facts as text, masked where asked, and the reference to find it by."""

from datetime import datetime
from typing import Any

from console.facts.masking import masked
from console.facts.sims import SimState


def facts_text(sim: SimState, *, mask: bool) -> str:
    """What is known of the SIM, a line for each fact; identifiers masked with `mask`. What is unknown is left out."""
    identifiers = {
        "ICCID": sim.iccid,
        "IMSI": sim.imsi,
        "MSISDN": sim.msisdn,
        "IMEI": sim.imei,
        "IP address": sim.ip_address,
    }
    known: dict[str, Any] = {
        name: masked(value) if mask and value else value for name, value in identifiers.items()
    } | {
        "Status": sim.status,
        "Connection": sim.connection,
        "Operator": " ".join(one for one in (sim.operator, sim.country) if one),
        "Radio": sim.rat,
        "APN": sim.apn,
        "Cell": sim.cell,
        "Session since": sim.session_started_at,
        "Last seen": sim.last_seen_at,
        "Confirmed": sim.confirmed_at,
        "Data left": None if sim.data_left_bytes is None else f"{sim.data_left_bytes:,} bytes",
        "Data quota": sim.data_quota,
        "SMS left": sim.sms_left,
        "SMS quota": sim.sms_quota,
    }
    return "\n".join(f"{name}: {_plain(value)}" for name, value in known.items() if value not in (None, ""))


def reference(action_id: int) -> str:
    """What the ticket is found by in 1NCE's list: an opened ticket is answered without a number."""
    return f"Reference: SIM console action {action_id}."


def whole_text(parameters: dict[str, Any], action_id: int) -> str:
    """The ticket's text as it is sent: what was written, the SIM's facts, the reference."""
    parts = [parameters["text"], parameters.get("facts"), reference(action_id)]
    return "\n\n".join(part for part in parts if part)


def _plain(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)
