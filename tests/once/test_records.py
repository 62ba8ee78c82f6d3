"""Records as both generations of the Data Streamer send them, good and bad."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from console.once.streamer.events import EventRecord
from console.once.streamer.records import UnknownRecord, read_batch, read_record
from console.once.streamer.sms import SmsRecord

from .samples import GERMANY, ICCID, event, message, report, usage


def read_event(**changes: Any) -> EventRecord:
    record = read_record(event(**changes))
    assert isinstance(record, EventRecord), record
    return record


def test_an_event_is_read_with_all_it_reports_about_its_session() -> None:
    session = {"apn": "sensor.net", "ue_ip_address": "10.1.2.3", "rat_type": 8, "gtp_v2_uli": {"tac": 384, "eci": 12}}
    record = read_event(
        event_type={"id": 5, "description": "Delete PDP Context"},
        detail={
            "name": "Telekom",
            "country": GERMANY,
            "pdp_context": session,
            "volume": {"total": "1.5", "tx": 0, "rx": 1},
        },
    )
    assert record.id == 9_007_199_254_740_993
    assert record.time == datetime(2024, 12, 13, 12, 49, 57, tzinfo=UTC)
    assert (record.iccid, record.imsi) == (ICCID, "901405105682328")
    assert (record.operator, record.country, record.rat) == ("Telekom", "DE", "NB-IoT")
    assert (record.apn, record.cell) == ("sensor.net", "384/12")


def test_an_event_with_nothing_but_nulls_around_it_is_still_an_event() -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ["sim", "imsi", "endpoint", "detail", "event_severity", "event_source", "alert", "description"]
    )
    record = read_event(**nothing, event_type={"id": 14})
    assert record.iccid is None
    assert record.detail is None
    assert (record.name, record.severity, record.alert) == ("Multi-factor authentication", "info", False)


def test_a_device_named_by_its_iccid_reports_the_sim_where_the_sim_is_missing() -> None:
    assert read_event(sim=None, endpoint={"name": ICCID}).iccid == ICCID
    assert read_event(sim=None, endpoint={"name": int(ICCID)}).iccid == ICCID
    assert read_event(sim=None, endpoint={"name": "Pump 7"}).iccid is None
    assert read_event(sim={"iccid": int(ICCID)}, endpoint={"name": 7}).iccid == ICCID


OLD_SIM = {"iccid": ICCID, "production_date": "2019-01-21T09:36:17Z"}


@pytest.mark.parametrize(
    ("severity", "sim", "meaning"),
    [
        ({"id": 2, "description": "WARN"}, None, "warn"),
        ({"id": 2, "description": "Critical"}, None, "critical"),
        ({"id": 0, "description": "Warning"}, None, "warn"),
        ({"id": 2}, OLD_SIM, "critical"),
        ({"id": 2}, {"iccid": ICCID}, "warn"),
        ({"id": 3}, None, "error"),
        ({"id": "4"}, None, "critical"),
        ({"id": 99, "description": "odd"}, None, "info"),
        (None, None, "info"),
    ],
)
def test_severity_goes_by_its_text_and_by_its_number_only_without_one(
    severity: dict[str, Any] | None, sim: dict[str, Any] | None, meaning: str
) -> None:
    assert read_event(event_severity=severity, sim=sim).severity == meaning


@pytest.mark.parametrize(
    ("type_id", "quota"),
    [
        (18, {"volume": "99.5", "threshold_volume": 100, "threshold_percentage": 20}),
        (19, {"volume": -0.25, "total_volume": 500, "threshold": {"volume": 100, "percentage": 20}}),
        (20, {"volume": 12}),
        (58, "{id=7, volume=250, expiry=2031-01-01T00:00}"),
        (18, {"service": "sms", "volume": 3.0}),
        (18, None),
    ],
)
def test_quota_events_keep_what_is_left_as_it_came(type_id: int, quota: Any) -> None:
    record = read_event(event_type={"id": type_id}, detail={"name": "Telekom", "quota": quota})
    assert record.operator == "Telekom"
    assert msgspec.json.decode(record.detail or b"") == {"name": "Telekom", "quota": quota}


@pytest.mark.parametrize("detail", ["{id: 7, since: 2031-01-01T00:00}", 12, [1, 2], {"country": "Germany"}])
def test_a_detail_that_cannot_be_read_is_kept_as_it_came(detail: Any) -> None:
    record = read_event(detail=detail)
    assert record.detail is not None
    assert msgspec.json.decode(record.detail) == detail
    assert record.operator is None


@pytest.mark.parametrize("key", ["data_service_failure_cause", "update_location_failure_reason"])
def test_an_event_names_its_cause(key: str) -> None:
    assert read_event(detail={key: "QUOTA_EXHAUSTED"}).cause == "QUOTA_EXHAUSTED"


def test_unknown_event_types_are_kept_and_shown() -> None:
    assert read_event(event_type={"id": 777, "description": "Sunspots"}).name == "Sunspots"
    assert read_event(event_type={"id": 777}).name == "Event 777"


def read_sms(record: dict[str, Any]) -> SmsRecord:
    found = read_record(record)
    assert isinstance(found, SmsRecord), found
    return found


@pytest.mark.parametrize(
    "spelling", [8901947, "8901947", "08901947", " 8901947 ", 8901947.0, "8901947.0", "8.901947e6"]
)
def test_a_message_has_the_same_id_however_its_number_is_written(spelling: Any) -> None:
    assert read_sms(message(id=spelling)).id == "8901947"


@pytest.mark.parametrize("odd", ["one", "1.5", 1.5, 2.0**60, "1e999999999", "NaN", "9" * 5000, "²", "1_0"])
def test_a_record_without_a_whole_number_as_its_id_is_unknown(odd: Any) -> None:
    assert isinstance(read_record(event(id=odd)), UnknownRecord)


def test_a_message_from_a_device_is_reported_by_its_payload_and_where_it_was_sent() -> None:
    record = read_sms(message(multi_part_info={"identifier": "77", "partno": 2, "total": 3}))
    assert (record.id, record.direction, record.status, record.iccid) == ("8901947", "mo", "delivered", ICCID)
    assert (record.payload, record.source_address, record.dest_address, record.dcs) == ("21.5 C", "8822851", "338", 0)
    assert (record.part_of, record.part, record.parts) == ("77", 2, 3)
    assert record.submitted_at == datetime(2024, 12, 16, 7, 1, tzinfo=UTC)
    forwarded = read_sms(message(id="12934", dcs="0", multi_part_info={"identifier": "12934", "partno": 1, "total": 1}))
    assert (forwarded.id, forwarded.dcs, forwarded.parts) == ("12934", 0, None)


def test_a_report_reports_what_became_of_a_message_and_the_id_of_its_order() -> None:
    record = read_sms(report(detail={"sms": {"id": "551734281731175386"}}))
    assert (record.id, record.other_id, record.direction, record.status) == (
        "8891889", "551734281731175386", "mt", "delivered",
    )  # fmt: skip
    assert record.final_at == datetime(2024, 12, 15, 16, 55, 35, tzinfo=UTC)
    assert read_sms(report(status={"id": 5, "status": "Failed"})).status == "failed"
    assert read_sms(report(status={"id": 6, "status": "odd"})).status == "expired"


def test_a_report_that_names_no_sim_is_kept_as_it_came_too() -> None:
    record = report(endpoint=None)
    assert msgspec.json.decode(read_sms(record).raw or b"") == record
    assert read_batch(msgspec.json.encode([event(), record])).sms[0].raw


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"weather": "fine"}, "unknown"),
        (message(endpoint={"id": 2, "name": "Pump 7"}), "nameless"),
        (usage(sim=None), "nameless"),
        (message(id=None), "broken"),
        (message(submit_date="soon"), "broken"),
        (report(status={"id": 77, "status": "LOST"}), "broken"),
        (event(id=None), "broken"),
        (event(timestamp=None), "broken"),
        (event(timestamp="soon"), "broken"),
        (event(id="many"), "broken"),
        (usage(volume={}), "broken"),
        (usage(volume={"total": "NaN"}), "broken"),
        (usage(start_timestamp=None, end_timestamp=None), "broken"),
        (usage(traffic_type={"id": 7, "description": "Carrier pigeon"}), "broken"),
    ],
)
def test_what_is_neither_is_kept_whole(record: dict[str, Any], kind: str) -> None:
    unknown = read_record(record)
    assert isinstance(unknown, UnknownRecord)
    assert unknown.kind == kind
    assert msgspec.json.decode(unknown.raw) == record


def test_texts_and_numbers_are_of_a_size_that_can_be_stored_and_shown() -> None:
    long = "x" * 100_000
    session = {"apn": "z" * 300, "ue_ip_address": "1" * 300, "rat_type": "r" * 300, "lac": "l" * 300, "ci": 1}
    detail = {"name": "y" * 300, "pdp_context": session}
    batch = read_batch(
        msgspec.json.encode(
            [
                event(description=long, event_type={"id": 2**40, "description": long}, detail=detail),
                usage(operator={"name": long}, detail=detail),
                message(payload=long, source_address=long),
                event(id=2**63),
                usage(id=-(2**70)),
                event(id=2**63 - 1),
            ]
        )
    )
    one = batch.events[0]
    assert (len(one.description), len(one.name), one.type_id) == (2_000, 255, None)
    assert [len(text or "") for text in (one.operator, one.apn, one.rat, one.cell)] == [255] * 4
    assert [len(text or "") for text in (batch.usage[0].operator, batch.usage[0].rat)] == [255] * 2
    assert (len(batch.sms[0].payload or ""), len(batch.sms[0].source_address or "")) == (40_000, 255)
    assert batch.events[1].id == 2**63 - 1
    assert [record.kind for record in batch.unknown] == ["broken", "broken"]


def test_a_bad_record_spoils_only_itself() -> None:
    body = msgspec.json.encode([event(), usage(), 12, event(id="many"), usage(id=2), {"weather": "fine"}])
    batch = read_batch(body)
    assert len(batch.events) == 1
    assert [record.id for record in batch.usage] == [819948096, 2]
    assert [record.kind for record in batch.unknown] == ["broken", "broken", "unknown"]


def test_a_good_batch_reads_as_its_records_one_by_one() -> None:
    records = [event(id=1), usage(id=2), event(id=3, detail={"country": GERMANY}), message(), report()]
    batch = read_batch(msgspec.json.encode(records))
    assert [*batch.events, *batch.usage, *batch.sms] == [read_record(records[place]) for place in (0, 2, 1, 3, 4)]
    assert batch.unknown == []


def test_text_that_is_not_utf8_spoils_only_its_record() -> None:
    body = msgspec.json.encode([event(description="fine"), event(description="brXken")]).replace(
        b"brXken", b"br\xffken"
    )
    batch = read_batch(body)
    assert len(batch.events) == 1
    assert batch.unknown[0].kind == "broken"


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"<html>", b'[{"id": 1'])
def test_a_body_that_is_no_list_is_an_error(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_batch(body)
