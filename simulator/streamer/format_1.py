"""The Data Streamer's first generation: the same records as the second's, in its older words and numbers."""

from __future__ import annotations

from typing import Any

from simulator.fleet.event_types import EventType

Record = dict[str, Any]

GENERATIONS = (1, 2)
_SEVERITIES = {"info": (0, "INFO"), "warn": (1, "WARN"), "error": (2, "CRITICAL"), "critical": (2, "CRITICAL")}
_ASSIGNED = frozenset({EventType.DATA_QUOTA_ASSIGNED, EventType.SMS_QUOTA_ASSIGNED})
_CURRENCY = {"id": 1, "code": "EUR", "symbol": "€"}
_PRODUCED = "2020-03-01 00:00:00"


def as_first(record: Record) -> Record:
    """The record as Data Streamer 1.0 writes it; messages and delivery reports are the same in both."""
    if "event_type" in record:
        return _event(record)
    return _usage(record) if "traffic_type" in record else record


def _event(record: Record) -> Record:
    id_, word = _SEVERITIES[record["event_severity"]["description"].lower()]
    first = {**record, "event_severity": {"id": id_, "description": word}, "sim": _sim(record["sim"])}
    detail = record.get("detail")
    if detail is None:
        return first
    quota = detail.get("quota")
    if quota is not None and record["event_type"]["id"] in _ASSIGNED:
        first["detail"] = _almost_json(quota)
    elif quota is not None:
        first["detail"] = {"quota": _quota(record, quota)}
    else:
        first["detail"] = {name: value for name, value in detail.items() if not name.endswith(("_cause", "_reason"))}
    return first


def _quota(record: Record, quota: Record) -> Record:
    """Flat, and one in three has its volume as a text."""
    volume = quota["volume"]
    return {
        "id": quota["id"],
        "volume": str(volume) if record["id"] // 2 % 3 == 0 else volume,
        "threshold_volume": quota["threshold"]["volume"],
        "threshold_percentage": quota["threshold"]["percentage"],
    }


def _almost_json(quota: Record) -> str:
    """A text that would be JSON if its date were quoted."""
    return (
        f'{{"id":{quota["id"]},"volume":{quota["volume"]},"last_volume_added":{quota["total_volume"]},'
        f'"threshold_percentage":{quota["threshold"]["percentage"]},"expiry_date":2031-11-26 00:00:00}}'
    )


def _usage(record: Record) -> Record:
    """With a cost that was never money, and without the session."""
    first = {name: value for name, value in record.items() if name != "detail"}
    return {
        **first,
        "sim": _sim(record["sim"]),
        "cost": round(record["volume"]["total"] / 1000, 6),
        "currency": _CURRENCY,
    }


def _sim(sim: Record | None) -> Record | None:
    return None if sim is None else {**sim, "production_date": _PRODUCED}
