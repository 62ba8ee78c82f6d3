"""Forecasts of use: what is expected, how sure it is, and when nothing can be said. No database."""

import subprocess
import sys

import numpy as np

from console.quotas.forecasting import Calibration, calibrated, forecasts, use
from console.quotas.turning_points import CHANGED, HISTORY, HORIZON, SILENT, Numbers

MB = 1_000_000.0


def noisy(sims: int, days: int = HISTORY, seed: int = 7) -> Numbers:
    chance = np.random.default_rng(seed)
    found: Numbers = MB * np.exp(chance.normal(0.0, 0.4, (sims, days)))
    return found


def test_steady_use_is_expected_to_go_on() -> None:
    part = use(np.full((1, HISTORY), MB))
    made = forecasts(part, calibrated([part]))
    assert abs(made.daily[0] - MB) < 1
    assert np.isnan(made.low[0]), "of one SIM alone no interval can be said"


def test_a_forecast_takes_three_days_and_none_of_it_is_the_time_before_the_first_use() -> None:
    daily = np.full((4, HISTORY), np.nan)
    daily[0, -2:], daily[1, -3:], daily[3, -9:] = MB, MB, 0.0
    part = use(daily)
    made = forecasts(part, Calibration.nothing())
    assert np.isnan(made.daily[0])
    assert abs(made.daily[1] - MB) < 1
    assert np.isnan(made.daily[2:]).all(), "what is not used has no end"
    assert part.days.tolist() == [2, 3, 0, 9]


def test_a_change_is_found_with_its_day_and_waited_for() -> None:
    daily = noisy(4)
    daily[0, -9:] *= 4
    daily[1, -20:] /= 4
    daily[2, -5:] *= 4  # chance could do that, too
    part = use(daily)
    made = forecasts(part, Calibration.nothing())
    assert part.found.tolist() == [CHANGED, CHANGED, 0, 0]
    assert part.since.tolist() == [HISTORY - 9, HISTORY - 20, -1, -1]
    assert np.isnan(made.daily[0]), "not enough data since"
    assert 0.2 * MB < made.daily[1] < 0.35 * MB, "what was before says nothing"


def test_silence_is_found_against_the_own_longest_pause() -> None:
    daily = noisy(3)
    daily[0, -4:] = 0
    daily[1, -4:], daily[1, 40:42] = 0, 0
    daily[2, ::2] = 0
    part = use(daily)
    assert part.found.tolist() == [SILENT, 0, 0]
    assert part.since[0] == HISTORY - 4
    assert np.isnan(forecasts(part, Calibration.nothing()).daily[0])


def test_intervals_hold_in_four_of_five_cases_and_what_is_said_of_them_is_so() -> None:
    days = noisy(400, HISTORY + HORIZON) * np.exp(np.random.default_rng(3).normal(0, 1, (400, 1)))
    weeks = np.exp(np.random.default_rng(5).normal(0, 0.5, (400, (HISTORY + HORIZON) // 7)))
    days *= np.repeat(weeks, 7, axis=1)  # so that months differ, too
    part = use(days[:, :HISTORY])
    calibration = calibrated([part])
    made, actual = forecasts(part, calibration), days[:, HISTORY:].mean(axis=1)
    sure = ~np.isnan(made.low)
    assert sure.mean() > 0.5
    held = ((actual >= made.low) & (actual <= made.high))[sure].mean()
    assert 0.7 < held < 0.9
    assert 0.7 < calibration.held / calibration.compared < 0.9


def test_use_that_falls_is_expected_to_be_less_than_its_mean() -> None:
    fading = noisy(200, seed=2) * np.exp2(-np.maximum(0, np.arange(HISTORY) - 60) / 25)
    part = use(fading)
    made = forecasts(part, calibrated([part]))
    assert np.nanmedian(made.daily / fading[:, -HORIZON:].mean(axis=1)) < 0.8


def test_web_servers_do_not_load_numpy() -> None:
    code = "import console.app, console.web, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
