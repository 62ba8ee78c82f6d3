"""1NCE's five ways to write a time."""

from datetime import UTC, datetime

import pytest

from console.once.wire.times import known_time, maybe_time, parse_time, write_time


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2018-03-09T07:59:09.000+0000", datetime(2018, 3, 9, 7, 59, 9, tzinfo=UTC)),
        ("2031-11-26 00:00:00", datetime(2031, 11, 26, tzinfo=UTC)),
        ("2021-11-14", datetime(2021, 11, 14, tzinfo=UTC)),
        ("2024-08-24T13:13:21Z", datetime(2024, 8, 24, 13, 13, 21, tzinfo=UTC)),
        ("2023-03-01T12:07:09.250Z", datetime(2023, 3, 1, 12, 7, 9, 250_000, tzinfo=UTC)),
        ("2028-03-14T16:10:29.000+02:00", datetime(2028, 3, 14, 14, 10, 29, tzinfo=UTC)),
        ("2024-12-13T12:49:57", datetime(2024, 12, 13, 12, 49, 57, tzinfo=UTC)),
        (" 2024-12-13t12:49:57z ", datetime(2024, 12, 13, 12, 49, 57, tzinfo=UTC)),
        ("2024-12-13 12:49:57 UTC", datetime(2024, 12, 13, 12, 49, 57, tzinfo=UTC)),
        ("2024-12-31T24:00:00Z", datetime(2025, 1, 1, tzinfo=UTC)),
        ("20241231T240000.000+0100", datetime(2024, 12, 31, 23, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        (1_700_000_000.25, datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)),
        (" 1700000000123 ", datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)),
        (1_700_000_000_123_456, datetime(2023, 11, 14, 22, 13, 20, 123_456, tzinfo=UTC)),
        ("1700000000123456789", datetime(2023, 11, 14, 22, 13, 20, 123_456, tzinfo=UTC)),
        (946_684_800, datetime(2000, 1, 1, tzinfo=UTC)),
        ("20231114", datetime(2023, 11, 14, tzinfo=UTC)),
        ("2026-11-30T07,25Z", datetime(2026, 11, 30, 7, 15, tzinfo=UTC)),
        ("2026-11-30t07.5+01:00", datetime(2026, 11, 30, 6, 30, tzinfo=UTC)),
        ("2026-11-30 07:15.5", datetime(2026, 11, 30, 7, 15, 30, tzinfo=UTC)),
        ("20261130T0715,25Z", datetime(2026, 11, 30, 7, 15, 15, tzinfo=UTC)),
        ("20261130T071530.5Z", datetime(2026, 11, 30, 7, 15, 30, 500_000, tzinfo=UTC)),
    ],
)
def test_every_form_becomes_the_same_kind_of_utc_time(written: str | float, meant: datetime) -> None:
    assert parse_time(written) == meant
    assert parse_time(written).tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        *("yesterday", "", "2021-13-01", "0000-00-00 00:00:00", "2024-12-31T24:00:01Z", "2024-12-31T25:00Z"),
        *(0, -1_700_000_000, 20_231_114, 17_000_000_000, 20_231_114_101_112, 10**30, 1e308, "946684799", "1.7e9"),
    ],
)
def test_what_is_no_time_is_an_error(written: str | float) -> None:
    with pytest.raises(ValueError):
        parse_time(written)


def test_a_time_left_out_is_none_and_a_wrong_one_is_not() -> None:
    assert maybe_time(None) is None
    assert maybe_time("") is None
    for wrong in ("soon", 0):
        with pytest.raises(ValueError):
            maybe_time(wrong)


def test_of_an_answer_a_time_that_can_not_be_is_not_known() -> None:
    for odd in (None, "", "soon", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 0):
        assert known_time(odd) is None
    assert known_time("2021-11-14") == datetime(2021, 11, 14, tzinfo=UTC)


def test_a_time_is_written_as_1nce_takes_it() -> None:
    assert write_time(datetime(2028, 3, 14, 16, 10, 29, tzinfo=UTC)) == "2028-03-14T16:10:29.000+00:00"
