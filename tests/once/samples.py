"""One record of each kind as 1NCE sends them, to be changed as a test needs."""

from typing import Any

ICCID = "8988228066605682328"
GERMANY = {"id": 74, "name": "Germany", "mcc": "262", "country_code": "49", "iso_code": "de"}


def event(**changes: Any) -> dict[str, Any]:
    return {
        "id": 9_007_199_254_740_993,
        "timestamp": "2024-12-13T12:49:57.000Z",
        "event_type": {"id": 3, "description": "Create PDP Context"},
        "event_severity": {"id": 0, "description": "INFO"},
        "event_source": {"id": 0, "description": "Network"},
        "alert": False,
        "user": None,
        "description": "New PDP Context",
        "sim": {"id": 1, "iccid": ICCID, "msisdn": "882285105682328"},
        "imsi": {"id": 1, "imsi": "901405105682328"},
        "endpoint": {"id": 2, "name": "Pump 7", "imei": "8697060538230101"},
    } | changes


def usage(**changes: Any) -> dict[str, Any]:
    return {
        "id": 819948096,
        "start_timestamp": "2021-08-09T12:51:20Z",
        "end_timestamp": "2021-08-09T12:59:05Z",
        "traffic_type": {"id": 5, "description": "Data"},
        "volume": {"total": 1.5, "tx": 0.5, "rx": 1.0},
        "sim": {"id": 1, "iccid": ICCID},
        "imsi": "901405105682328",
        "operator": {"id": 2, "name": "Bite GSM", "mnc": "05", "country": {"id": 110, "mcc": "247", "name": "Latvia"}},
        "cost": 0.001,
    } | changes


def message(**changes: Any) -> dict[str, Any]:
    return {
        "id": 8901947,
        "submit_date": "2024-12-16 07:01:00",
        "pid": 0,
        "organisation": {"id": 103820},
        "dest_address": "338",
        "source_address": "8822851",
        "dcs": 0,
        "payload": "21.5 C",
        "endpoint": {"id": 2, "name": ICCID},
    } | changes


def report(**changes: Any) -> dict[str, Any]:
    return {
        "id": 8891889,
        "submit_date": "2024-12-15T16:55:31Z",
        "final_date": "2024-12-15T16:55:35Z",
        "organisation": {"id": 103820},
        "endpoint": {"id": 2, "name": ICCID},
        "status": {"status": "DELIVERED", "id": 4},
    } | changes
