"""Whether SIMs use something else since a day, or nothing: found before any forecast. No database, no clock."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
HISTORY = 126  # days that are looked at
HORIZON = 28  # days over which a forecast is compared with what was used
SHIFT_DAYS = (7, 70)  # since a change, before it is seen and while it matters
SHIFT_TIMES, SHIFT_DEVIATIONS = 2.0, 6.0
SILENT_DAYS = 3
CHANGED, SILENT = 1, 2


def turned(used: Numbers, known: Numbers) -> tuple[Numbers, Numbers]:
    """Which SIMs have CHANGED or fallen SILENT, and the first day of that: HISTORY columns of bytes a day."""
    number = len(used)
    found, since = np.zeros(number, dtype=np.int8), np.full(number, -1)
    best = np.zeros(number)
    start = np.zeros((number, 1))
    sums = np.concatenate([start, np.cumsum(used, axis=1)], axis=1)
    squares = np.concatenate([start, np.cumsum(used**2, axis=1)], axis=1)
    for after in range(SHIFT_DAYS[0], SHIFT_DAYS[1] + 1):
        day = HISTORY - after
        until = min(HISTORY, day + HORIZON)
        before, later = _moments(sums, squares, day - HORIZON, day), _moments(sums, squares, day, until)
        error = np.sqrt(before[1] / HORIZON + later[1] / (until - day)) + 1e-9
        far = np.abs(later[0] - before[0]) / error
        large = np.maximum(before[0], later[0]) > SHIFT_TIMES * np.minimum(before[0], later[0])
        first = HISTORY - SHIFT_DAYS[1] - HORIZON  # the day that parts all of the time best
        sizes = day - first, after
        apart = _moments(sums, squares, first, day)[0] - _moments(sums, squares, day, HISTORY)[0]
        fit = apart**2 * sizes[0] * sizes[1] / (sizes[0] + sizes[1])
        whole = known[:, day - HORIZON] & (before[0] > 0)
        shifted = whole & large & (far > SHIFT_DEVIATIONS) & (fit > best)
        best, found = np.where(shifted, fit, best), np.where(shifted, CHANGED, found)
        since = np.where(shifted, day, since)
    run, longest = np.zeros(number, dtype=int), np.zeros(number, dtype=int)
    for day in range(HISTORY):
        nothing = known[:, day] & (used[:, day] <= 0)
        longest = np.where(nothing, longest, np.maximum(longest, run))
        run = np.where(nothing, run + 1, 0)
    silent = (run >= SILENT_DAYS) & (run > 2 * longest) & (sums[:, -1] > 0)
    return np.where(silent, SILENT, found), np.where(silent, HISTORY - run, since)


def _moments(sums: Numbers, squares: Numbers, first: int, until: int) -> tuple[Numbers, Numbers]:
    """Mean and variance of the days from `first` on and before `until`."""
    mean = (sums[:, until] - sums[:, first]) / (until - first)
    return mean, np.maximum(0.0, (squares[:, until] - squares[:, first]) / (until - first) - mean**2)
