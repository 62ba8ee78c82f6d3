"""Where a SIM is and how it is connected, as far as 1NCE says."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from console.once.wire.decode import UNREADABLE
from console.once.wire.status import read_status

ICCID = "8988228066605682328"


def json(value: Any) -> bytes:
    return msgspec.json.encode(value)


LOCATION = {
    "iccid": ICCID,
    "imsi": "901439999999999",
    "last_updated": "2023-08-06 09:59:05",
    "operator": {"id": 2, "name": "T-Mobile", "mnc": "01", "country": {"id": 74, "name": "Germany", "iso_code": "de"}},
    "country": {"country_id": "74", "name": "Germany", "country_code": "49", "mcc": "262", "iso_code": "de"},
}


def session(created: str, **changes: Any) -> dict[str, Any]:
    return {
        "pdp_context_id": "92415",
        "created": created,
        "apn": "sensor.net",
        "ue_ip_address": "10.0.0.1",
        "mcc": "262",
        "mnc": "01",
        "rat_type": {"rat_type_id": "8", "description": "NB-IoT"},
        "gtp_v2_uli": {"tac": "38402", "eci": "12"},
    } | changes


def test_a_status_reports_the_place_and_the_newest_session() -> None:
    sessions = [session("2019-12-04T08:12:02.000Z"), session("2019-12-05T08:12:02.000Z", ue_ip_address="10.0.0.2")]
    status = read_status(
        json(
            {
                "status": {"description": "ONLINE"},
                "data_traffic_limit_state": {"description": "NOT_REACHED"},
                "location": LOCATION,
                "pdp_contexts": sessions,
                "services": ["GPRS"],
            }
        )
    )
    assert (status.connection, status.sessions) == ("online", 2)
    assert (status.operator, status.country) == ("T-Mobile", "DE")
    assert status.located_at == datetime(2023, 8, 6, 9, 59, 5, tzinfo=UTC)
    assert (status.rat, status.apn, status.cell) == ("NB-IoT", "sensor.net", "38402/12")
    assert status.ip_address == "10.0.0.2"
    assert status.session_started_at == datetime(2019, 12, 5, 8, 12, 2, tzinfo=UTC)


@pytest.mark.parametrize("pdp_contexts", [None, []])
def test_a_sim_that_was_never_used_has_a_status_and_nothing_else(pdp_contexts: list[Any] | None) -> None:
    status = read_status(json({"status": {"description": "OFFLINE"}, "pdp_contexts": pdp_contexts, "services": []}))
    assert (status.connection, status.sessions) == ("offline", 0)
    assert (status.rat, status.cell, status.country, status.located_at) == (None, None, None, None)


def test_a_session_alone_reports_network_and_country() -> None:
    status = read_status(json({"status": {"description": "ONLINE"}, "pdp_contexts": [session("2019-12-04T08:12:02Z")]}))
    assert status.country == "DE"


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        ({"gtp_v2_uli": None, "gtp_v1_uli": {"lac": "40217", "ci": "13"}}, "40217/13"),
        ({"gtp_v2_uli": {"cgi": {"lac": "1", "ci": "2"}}}, "1/2"),
        ({"gtp_v2_uli": None, "lac": "40217", "ci": "14"}, "40217/14"),
        ({"gtp_v2_uli": None}, None),
    ],
)
def test_the_cell_is_found_wherever_the_network_names_it(place: dict[str, Any], cell: str | None) -> None:
    answer = {"status": {"description": "ONLINE"}, "pdp_contexts": [session("2019-12-04T08:12:02Z", **place)]}
    assert read_status(json(answer)).cell == cell


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"status": "ONLINE"}', b'{"status": null}'])
def test_what_has_no_status_is_no_status(body: bytes) -> None:
    with pytest.raises(UNREADABLE):
        read_status(body)
