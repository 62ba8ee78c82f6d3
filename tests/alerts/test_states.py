"""From state to state, as tables of cases: how long a condition must hold, and for how long an alert is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from console.alerts.rules import Timing, next_state
from console.facts.alerts import AlertState

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
P, F, R, X = AlertState.PENDING, AlertState.FIRING, AlertState.RECOVERING, AlertState.RESOLVED


@pytest.mark.parametrize(
    ("state", "minutes", "holds", "can_judge", "expected"),
    [  # `for` is 10 minutes, `keep_firing_for` is 10 minutes; minutes since the alert, or its recovery, began
        (P, 9, True, True, P),
        (P, 10, True, True, F),
        (P, 10, True, False, P),
        (P, 1, False, True, X),
        (P, 1, False, False, P),
        (F, 99, True, True, F),
        (F, 99, True, False, F),
        (F, 99, False, True, R),
        (F, 99, False, False, R),
        (R, 9, False, True, R),
        (R, 10, False, True, X),
        (R, 99, False, False, R),  # never for lack of data
        (R, 5, True, True, F),
        (X, 5, True, True, X),
    ],
)
def test_an_alert_goes_from_state_to_state(
    state: AlertState, minutes: int, holds: bool, can_judge: bool, expected: AlertState
) -> None:
    ten, since = timedelta(minutes=10), NOW - timedelta(minutes=minutes)
    timing = Timing(state=state, started_at=since, recovering_at=since, for_=ten, keep_firing_for=ten)
    assert next_state(timing, NOW, holds=holds, can_judge=can_judge) is expected


def test_a_rule_without_patience_fires_and_is_resolved_at_once() -> None:
    none = timedelta(0)
    timing = Timing(state=P, started_at=NOW, recovering_at=None, for_=none, keep_firing_for=none)
    assert next_state(timing, NOW, holds=True, can_judge=True) is F
    assert next_state(timing, NOW, holds=True, can_judge=False) is F, "it was found in what did come"
    timing = Timing(state=F, started_at=NOW, recovering_at=None, for_=none, keep_firing_for=none)
    assert next_state(timing, NOW, holds=False, can_judge=True) is X
