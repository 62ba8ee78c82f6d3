"""1NCE's answers in our own words."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from console.once.wire.decode import UNREADABLE, read_data_quota, read_items, read_sim, read_sms, read_sms_quota
from console.once.wire.status import read_status

ICCID = "8988228066605682328"


def json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def test_a_sim_is_read_in_our_units() -> None:
    sim = read_sim(
        json(
            {
                "iccid": ICCID,
                "iccid_with_luhn": ICCID + "0",
                "imsi": "901405100000018",
                "imei": "0000000000000018",
                "imei_lock": True,
                "status": "Enabled",
                "activation_date": "2018-03-09T07:59:09.000+0000",
                "current_quota": "500",
                "quota_status": {"id": 1, "description": "Less than 20%"},
                "current_quota_SMS": 250,
                "quota_status_SMS": {"id": 0.0},
                "label": "",
                "invented_later": [1],
            }
        )
    )
    assert sim.iccid == ICCID
    assert sim.imei == "0000000000000018"
    assert sim.activated_at == datetime(2018, 3, 9, 7, 59, 9, tzinfo=UTC)
    assert sim.data_class == "low"
    assert sim.label is None


def test_a_sim_of_which_1nce_says_nothing_but_its_number_is_unknown_and_not_zero() -> None:
    for sim in (
        read_sim(json({"iccid": ICCID})),
        read_sim(json({"iccid": ICCID, "current_quota": None, "status": None})),
    ):
        assert (sim.status, sim.data_class, sim.imei_lock) == (None, None, None)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("Enabled", "enabled"),
        ("Activated", "enabled"),
        ("Disabled", "disabled"),
        ("Deactivated", "disabled"),
        ("SUSPENDED", "disabled"),
        ("Hibernating", "hibernating"),
        ("", None),
    ],
)
def test_a_status_is_mapped_by_meaning_and_an_unknown_word_kept(word: str, meaning: str | None) -> None:
    assert read_sim(json({"iccid": ICCID, "status": word})).status == meaning


def test_one_bad_sim_does_not_hide_the_others() -> None:
    bad = [
        {"imsi": "1"},
        {"iccid": "12"},
        {"iccid": ICCID, "activation_date": []},
        12,
        {"iccid": ICCID, "label": 5},
    ]
    items, unreadable = read_items(json([{"iccid": ICCID}, *bad, {"iccid": ICCID}]), read_sim)
    assert len(items) == 2
    assert [msgspec.json.decode(raw) for raw in unreadable] == bad


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"[", b"<p>"])
def test_a_list_that_is_none_cannot_be_read(body: bytes) -> None:
    with pytest.raises(UNREADABLE):
        read_items(body, read_sim)


QUOTA = {
    "id": 1,
    "status": {"id": 0, "description": "ACTIVE"},
    "volume": -0.5,
    "total_volume": 500,
    "accumulated_total_volume": "1000.0",
    "last_volume_added": 500,
    "threshold_percentage": 20,
    "expiry_date": "2031-11-26 00:00:00",
    "created_at": "2024-08-24T13:13:21Z",
}


def test_a_data_quota_is_reported_in_bytes_and_goes_by_the_number_of_its_status() -> None:
    quota = read_data_quota(json(QUOTA))
    assert (quota.service, quota.left, quota.total) == ("data", -524_288, 524_288_000)
    assert (quota.accumulated, quota.last_added) == (1_048_576_000, 524_288_000)
    assert (quota.status, quota.threshold_percent) == ("exhausted", 20)
    assert quota.expires_at == datetime(2031, 11, 26, tzinfo=UTC)


@pytest.mark.parametrize("never", ["9999-12-31 23:59:59", "0001-01-01T00:00:00Z", "never", 253402300799000])
def test_a_time_that_means_never_loses_nothing_beside_it(never: str | int) -> None:
    quota = read_data_quota(json(QUOTA | {"expiry_date": never}))
    assert (quota.expires_at, quota.total) == (None, 524_288_000)
    sim = read_sim(json({"iccid": ICCID, "label": "pump", "activation_date": never}))
    assert (sim.activated_at, sim.label) == (None, "pump")
    status = read_status(
        json(
            {
                "status": {"description": "ONLINE"},
                "location": {"last_updated": never},
                "pdp_contexts": [{"created": never}],
            }
        )
    )
    assert (status.connection, status.located_at, status.session_started_at) == ("online", None, None)
    sms = read_sms(json({"id": 1, "sms_type": {"id": 2}, "payload": "hello", "submit_date": never}))
    assert (sms.payload, sms.submitted_at) == ("hello", None)


def test_an_sms_quota_is_reported_in_messages() -> None:
    quota = read_sms_quota(json(QUOTA | {"volume": 249.0, "total_volume": "250", "status": {"id": 2}}))
    assert (quota.service, quota.left, quota.total, quota.status) == ("sms", 249, 250, "expired")


def test_what_has_neither_volume_nor_status_is_no_quota() -> None:
    with pytest.raises(ValueError, match="no quota"):
        read_data_quota(b"{}")


def test_a_message_is_read_with_its_direction_and_state() -> None:
    sms = read_sms(
        json(
            {
                "id": 589,
                "sms_type": {"id": 1, "description": "MT"},
                "status": {"id": 3},
                "payload": "hello",
                "submit_date": "2019-09-29T07:33:15.000Z",
                "dcs": 0,
                "udh": "",
                "msc": 491770940000,
            }
        )
    )
    assert (sms.id, sms.direction, sms.status, sms.dcs, sms.udh) == ("589", "mt", "buffered", 0, None)
