"""Forecasts of use against "the same as last week", on series like those of devices; and how often intervals hold.

Each series has 126 days by which the forecast is made and 28 by which it is judged. Nothing else runs: no database.
"""

import argparse
import time

import numpy as np
from measuring import Report, at_least, run

from console.quotas.forecasting import NOMINAL, calibrated, forecasts, use
from console.quotas.turning_points import CHANGED, HISTORY, HORIZON, SILENT, Numbers

SHARES = {
    "steady": 25,
    "weekly": 25,
    "bursty": 25,
    "growing": 10,
    "level shift": 10,
    "dying": 5,
}  # most stay as they are
MEGABYTE = 1_000_000
UNFORESEEN = 0.02  # of devices change or die after the forecast: nobody can know


def series(chance: np.random.Generator, kind: str, number: int) -> Numbers:
    """Bytes a day of so many devices of a kind."""
    days = HISTORY + HORIZON
    level = np.exp(chance.normal(0.0, 1.0, (number, 1))) * MEGABYTE
    day = np.arange(days)
    noise = np.exp(chance.normal(0.0, 0.35, (number, days)))
    if kind == "weekly":
        noise = noise * np.where((day % 7) >= 5, 0.25, 1.3)
    elif kind == "bursty":
        share = chance.uniform(0.15, 0.6, (number, 1))
        noise = np.exp(chance.normal(0.0, 0.9, (number, days))) * (chance.random((number, days)) < share)
    elif kind == "growing":
        noise = noise * np.exp(chance.uniform(0.001, 0.006, (number, 1)) * day)
    elif kind == "level shift":
        at = chance.integers(HISTORY - 90, HISTORY - 14, (number, 1))
        noise = noise * np.where(day >= at, chance.choice([0.3, 3.0], (number, 1)), 1.0)
    elif kind == "dying":
        began = chance.integers(HISTORY - 90, HISTORY, (number, 1))
        noise = noise * np.exp2(-np.maximum(0, day - began) / chance.uniform(20, 60, (number, 1)))
    unforeseen = np.where(chance.random((number, 1)) < UNFORESEEN, chance.integers(HISTORY, days, (number, 1)), days)
    noise = noise * np.where(day >= unforeseen, chance.choice([0.0, 0.3, 3.0], (number, 1)), 1.0)
    return level * noise


async def bench(chosen: argparse.Namespace) -> Report:
    """All kinds, by their shares."""
    sims = 1_200 if chosen.quick else chosen.sims
    chance = np.random.default_rng(chosen.seed)
    parts = {kind: series(chance, kind, sims * share // 100) for kind, share in SHARES.items()}
    known = np.concatenate(list(parts.values()))
    kinds = np.concatenate([np.full(len(part), kind) for kind, part in parts.items()])
    before, actual = known[:, :HISTORY], known[:, HISTORY:].sum(axis=1)
    began = time.process_time()
    found = use(before)
    calibration = calibrated([found])
    made = forecasts(found, calibration)
    low, high = made.low, made.high
    spent = time.process_time() - began
    expected = ~np.isnan(made.daily)
    ours, week = made.daily * HORIZON, before[:, -7:].sum(axis=1) * (HORIZON / 7)

    def wrong(one: Numbers, which: Numbers) -> float:
        return float(np.abs(one[which] - actual[which]).sum() / actual[which].sum())

    sure = ~np.isnan(low)
    holds = (actual >= low * HORIZON) & (actual <= high * HORIZON)
    each = {
        kind: {
            "better_by": round(
                1 - wrong(ours, expected & (kinds == kind)) / wrong(week, expected & (kinds == kind)), 3
            ),
            "intervals_held": round(float(holds[sure & (kinds == kind)].mean()), 3),
        }
        for kind in SHARES
    }
    measured = calibration.held / max(1, calibration.compared)
    return {
        "sims": len(known),
        "weighted_error": round(wrong(ours, expected), 3),
        "weighted_error_same_as_last_week": round(wrong(week, expected), 3),
        "better_by": at_least(1 - wrong(ours, expected) / wrong(week, expected), 0.25),
        "with_forecast": round(float(expected.mean()), 3),
        "changed": round(float((found.found == CHANGED).mean()), 3),
        "silent": round(float((found.found == SILENT).mean()), 3),
        "with_interval": round(float(sure.mean()), 3),
        "intervals_held": round(float(holds[sure].mean()), 3),
        "intervals_held_in_hindsight": round(measured, 3),
        "nominal": NOMINAL,
        "by_kind": each,
        "microseconds_per_sim": round(spent / len(known) * 1e6, 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sims", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    run("forecast", bench, parser, minutes=5)
