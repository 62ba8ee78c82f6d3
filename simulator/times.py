"""The several ways in which 1NCE writes one and the same moment; all of them are UTC."""

from datetime import UTC, datetime

DAY = 86_400
DAYS_KEPT = 7 * DAY  # 1NCE keeps events for seven days


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def zulu(seconds: float) -> str:
    """`2024-08-24T13:13:21Z`, the form of a quota's first day."""
    return _moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def zulu_millis(seconds: float) -> str:
    """`2024-08-24T13:13:21.048Z`, the form of events, usage records and sessions."""
    moment = _moment(seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def offset_millis(seconds: float) -> str:
    """`2018-03-09T07:59:09.000+0000`, the form of the inventory: an offset without a colon."""
    moment = _moment(seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def spaced(seconds: float) -> str:
    """`2023-08-06 09:59:05`, the form of the last location update."""
    return _moment(seconds).strftime("%Y-%m-%d %H:%M:%S")


def day(seconds: float) -> str:
    """`2021-11-14`, the form of daily usage."""
    return _moment(seconds).strftime("%Y-%m-%d")
