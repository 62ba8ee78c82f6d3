"""Usage records, in bytes or in messages."""

from datetime import UTC, datetime
from typing import Any

from console.once.streamer.records import read_record
from console.once.streamer.usage import UsageRecord

from .samples import ICCID, usage


def read_usage(**changes: Any) -> UsageRecord:
    record = read_record(usage(**changes))
    assert isinstance(record, UsageRecord), record
    return record


def test_usage_is_reported_in_bytes_with_the_country_of_its_network() -> None:
    record = read_usage(detail={"pdp_context": {"rat_type": 6, "ipcan_session_id": "x"}})
    assert (record.kind, record.total, record.tx, record.rx) == ("data", 1_572_864, 524_288, 1_048_576)
    assert (record.iccid, record.imsi) == (ICCID, "901405105682328")
    assert (record.operator, record.country, record.rat) == ("Bite GSM", "LV", "LTE")


def test_usage_with_its_times_the_wrong_way_round_is_put_right() -> None:
    record = read_usage(start_timestamp="2021-08-09T12:59:05Z", end_timestamp="2021-08-09T12:51:20Z")
    assert record.start_at == datetime(2021, 8, 9, 12, 51, 20, tzinfo=UTC)
    assert record.end_at == datetime(2021, 8, 9, 12, 59, 5, tzinfo=UTC)


def test_messages_are_counted_not_measured() -> None:
    record = read_usage(traffic_type={"id": 6, "description": "SMS"}, volume={"total": "1", "tx": 1.0, "rx": 0})
    assert (record.kind, record.total, record.tx, record.rx) == ("sms", 1, 1, 0)


def test_a_missing_total_is_the_sum_of_both_ways() -> None:
    assert read_usage(volume={"tx": 1, "rx": None}).total == 1_048_576
