"""The check of shown times knows each way in which pages write them, and finds wrong ones."""

from datetime import UTC, datetime

import pytest

from tests.truth.times import right

NOW = datetime(2026, 11, 30, 20, 50, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("style", "moment", "said", "wrong"),
    [
        ("hour", "2026-11-30T20:00:00+00:00", "20:00", "30 Nov 20:00"),
        ("hour", "2026-11-29T20:00:00+00:00", "29 Nov 20:00", "20:00"),
        ("axis", "2026-11-29T20:00:00+00:00", "20:00", "21:00"),
        ("clock", "2026-11-30T20:00:01+00:00", "20:00:01", "20:00:02"),
        ("ahead", "2026-11-30T22:26:30+00:00", "in 2 h", "in 1 h"),
        ("due", "2026-11-30T20:51:00+00:00", "in 30 s", "in 50 s"),
        ("ago", "2026-11-30T19:10:30+00:00", "1 h ago", "2 h ago"),
        ("until", "2026-11-30T20:50:20+00:00", "due now", "in 2 min"),
    ],
)
def test_a_right_time_and_a_wrong_one_are_distinguished(style: str, moment: str, said: str, wrong: str) -> None:
    then = datetime.fromisoformat(moment)
    assert (right(style, then, said, NOW, "UTC"), right(style, then, wrong, NOW, "UTC")) == (True, False)
