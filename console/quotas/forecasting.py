"""How much SIMs use a day from now on, and how sure that is. No database, no clock. Workers alone load it.

The forecast is an exponentially weighted mean, or one that goes on rising or falling: of a few, that which was least
wrong for SIMs alike. Its interval is conformal: by how much earlier forecasts of SIMs alike
were wrong over four weeks, with a share of misses that is adapted to the misses seen (Gibbs and Candès, "Adaptive
Conformal Inference Under Distribution Shift", 2021). Whoever has changed or fallen silent is found first.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from console.quotas.turning_points import CHANGED, HISTORY, HORIZON, SILENT, Numbers, turned

WEIGHTS = (0.03, 0.06, 0.15)  # of the last day
TREND_DAYS = 10.0  # between the days that the last and the second of these stand for: (1 - weight) / weight
AHEAD_DAYS = 14.0  # that a trend is taken on: two thirds of the way to the middle of the horizon
STEEPEST = 0.03  # a day
METHODS = len(WEIGHTS) + 1
RECENT = 0.7  # of the weight of the forecast a week later
LIKE_OTHERS = 2  # forecasts that those of SIMs alike count for, when a method is chosen for one
LEAST_DAYS = 3  # of use, before there is a forecast
LEAST_INTERVAL_DAYS = 28  # before there is an interval
LEAST_SCORES = 60  # forecasts of SIMs alike that have been compared
ORIGINS = tuple(range(HORIZON, HISTORY - HORIZON + 1, 7))  # days after which a forecast is made to be compared
NOMINAL = 0.8  # of intervals hold what is used
RATE = 0.4  # of the adaptation
SETTLED = 14  # days since a change, before there is a forecast again


class Use(Struct, frozen=True, kw_only=True):
    """Of some SIMs, a row each: forecast bytes a day by method (NaN: none), what was found, and earlier forecasts."""

    forecasts: Numbers  # by method
    days: Numbers  # whole days that are known, or since a change
    found: Numbers  # 0, CHANGED or SILENT
    since: Numbers  # the column of the first day after that; -1: none
    earlier: Numbers  # by method and origin, forecasts; NaN: not to be compared
    actual: Numbers  # by origin, what was used a day then
    classes: Numbers  # by origin, and now: SIMs alike


class Calibration(Struct, frozen=True, kw_only=True):
    """By class, which method is the best and by how much it is wrong; and how often the intervals held in hindsight."""

    methods: dict[int, Numbers]
    shares: dict[int, tuple[float, float]]
    held: int
    compared: int

    @classmethod
    def nothing(cls) -> "Calibration":
        """Of no SIM."""
        return cls(methods={}, shares={}, held=0, compared=0)


def use(daily: Numbers) -> Use:
    """Forecasts by whole days of use: HISTORY columns, the last one yesterday's; NaN before the first use."""
    known = ~np.isnan(daily)
    used = np.where(known, daily, 0.0)
    days = known.sum(axis=1)
    found, since = turned(used, known)
    number = len(used)
    sums, weights = np.zeros((METHODS - 1, number)), np.zeros((METHODS - 1, number))
    earlier = np.full((METHODS, number, len(ORIGINS)), np.nan)
    actual = np.zeros((number, len(ORIGINS)))
    classes = np.zeros((number, len(ORIGINS) + 1), dtype=np.int16)
    keep = 1 - np.array(WEIGHTS)[:, None]
    for day in range(HISTORY):
        if day in ORIGINS:
            place = ORIGINS.index(day)
            forecasts = _forecasts(sums, weights)
            comparable = known[:, :day].sum(axis=1) >= LEAST_INTERVAL_DAYS
            earlier[:, :, place] = np.where(comparable & (forecasts > 0), forecasts, np.nan)
            actual[:, place] = used[:, day : day + HORIZON].mean(axis=1)
            classes[:, place] = _classes(used[:, day - HORIZON : day])
        anew = since == day  # what was before a change says nothing of what comes
        sums, weights = np.where(anew, 0.0, sums), np.where(anew, 0.0, weights)
        sums = sums * keep + used[:, day]
        weights = weights * keep + known[:, day]
    classes[:, -1] = _classes(used[:, -HORIZON:])
    days = np.where(found == CHANGED, HISTORY - since, days)
    enough = (days >= np.where(found == CHANGED, SETTLED, LEAST_DAYS)) & (found != SILENT)
    forecasts = _forecasts(sums, weights)
    forecasts = np.where(enough & (forecasts > 0), forecasts, np.nan)
    return Use(
        forecasts=forecasts, days=days, found=found, since=since, earlier=earlier, actual=actual, classes=classes
    )


def _forecasts(sums: Numbers, weights: Numbers) -> Numbers:
    """By method; the last goes on as the weighted means of the last days and of more days differ."""
    means = np.divide(sums, weights, out=np.zeros_like(sums), where=weights > 0)
    rise = np.divide(means[2], means[1], out=np.ones_like(means[1]), where=(means[1] > 0) & (means[2] > 0))
    a_day = np.clip(np.log(rise) / TREND_DAYS, -STEEPEST, STEEPEST)
    return np.concatenate([means, (means[2] * np.exp(a_day * AHEAD_DAYS))[None]])


def _classes(used: Numbers) -> Numbers:
    """SIMs alike: by how many days are without use, by how weeks differ, and by whether use rises or falls."""
    idle = np.digitize((used <= 0).mean(axis=1), (0.001, 0.3))
    weeks = used.reshape(len(used), HORIZON // 7, 7).sum(axis=2)
    mean = weeks.mean(axis=1) + 1e-9
    varied = np.digitize(weeks.std(axis=1) / mean, (0.15, 0.5))
    half = weeks.shape[1] // 2
    trend = np.digitize((weeks[:, half:].sum(axis=1) + 1e-9) / (weeks[:, :half].sum(axis=1) + 1e-9), (0.8, 1.25))
    found: Numbers = idle * 9 + varied * 3 + trend
    return found


def calibrated(parts: Sequence[Use]) -> Calibration:
    """By all SIMs of an organization. Each earlier forecast is judged by what was known when it was made alone."""
    earlier = np.concatenate([part.earlier for part in parts], axis=1)
    actual = np.concatenate([part.actual for part in parts])
    classes = np.concatenate([part.classes for part in parts])
    methods, shares, held, compared = {}, {}, 0, 0
    for one in np.unique(classes).tolist():
        alike, misses = classes[:, :-1] == one, 1 - NOMINAL
        for place, origin in enumerate(ORIGINS):
            known = slice(0, sum(before + HORIZON <= origin for before in ORIGINS))
            theirs = alike[:, place] & ~np.isnan(earlier[0, :, place])
            wrong = _shares(earlier[:, :, known], actual[:, known], alike[:, known])
            scores = _scores(earlier, actual, wrong, known)
            bounds = _bounds(scores[:, known], alike[:, known], misses)
            if bounds is None or not theirs.any():
                continue
            last = scores[theirs, place]
            inside = int(((last >= bounds[0]) & (last <= bounds[1])).sum())
            held, compared = held + inside, compared + len(last)
            misses = min(0.6, max(0.02, misses + RATE * ((1 - NOMINAL) - (1 - inside / len(last)))))
        every = slice(0, len(ORIGINS))
        methods[one] = _shares(earlier, actual, alike)
        bounds = _bounds(_scores(earlier, actual, methods[one], every), alike, misses)
        if bounds is not None:
            shares[one] = bounds
    return Calibration(methods=methods, shares=shares, held=held, compared=compared)


def _shares(earlier: Numbers, actual: Numbers, alike: Numbers) -> Numbers:
    """How much of all that was missed for these each method has missed."""
    total = np.nansum(np.where(alike, np.abs(earlier - actual), 0.0), axis=(1, 2))
    return total / total.sum() if total.any() else np.full(METHODS, 1 / METHODS)


def _scores(earlier: Numbers, actual: Numbers, wrong: Numbers, known: slice) -> Numbers:
    """By origin, (used - forecast) / forecast, of each SIM's method by what was `known`."""
    method = _method(earlier[:, :, known], actual[:, known], wrong)
    forecast = np.take_along_axis(earlier, method[None, :, None], axis=0)[0]
    found: Numbers = (actual - forecast) / forecast
    return found


def _method(earlier: Numbers, actual: Numbers, wrong: Numbers) -> Numbers:
    """The method of each SIM: the least wrong for it lately, and for SIMs alike as far as little is known of it."""
    recent = RECENT ** np.arange(earlier.shape[2])[::-1]
    own = np.nansum(np.abs(earlier - actual) * recent, axis=2)
    in_all = own.sum(axis=0)
    share = np.divide(own, in_all, out=np.zeros_like(own), where=in_all > 0)
    count = (~np.isnan(earlier[0]) * recent).sum(axis=1)
    found: Numbers = (share * count + wrong[:, None] * LIKE_OTHERS).argmin(axis=0)
    return found


def _bounds(scores: Numbers, alike: Numbers, misses: float) -> tuple[float, float] | None:
    known = scores[alike & ~np.isnan(scores)]
    if len(known) < LEAST_SCORES:
        return None
    low, high = np.quantile(known, (misses / 2, 1 - misses / 2))
    return float(low), float(high)


class Forecasts(Struct, frozen=True, kw_only=True):
    """Bytes a day of some SIMs, a row each; NaN: not known."""

    daily: Numbers
    low: Numbers
    high: Numbers


def forecasts(part: Use, calibration: Calibration) -> Forecasts:
    """What is expected, and between what it lies with the probability NOMINAL."""
    daily = part.forecasts[1].copy()
    low, high = np.full(len(daily), np.nan), np.full(len(daily), np.nan)
    for one, wrong in calibration.methods.items():
        alike = part.classes[:, -1] == one
        method = _method(part.earlier[:, alike], part.actual[alike], wrong)
        daily[alike] = np.take_along_axis(part.forecasts[:, alike], method[None], axis=0)[0]
        if one in calibration.shares:
            sure = alike & (part.days >= LEAST_INTERVAL_DAYS)
            least, most = calibration.shares[one]
            low[sure], high[sure] = np.maximum(0.0, daily[sure] * (1 + least)), daily[sure] * (1 + most)
    return Forecasts(daily=daily, low=np.minimum(low, daily), high=np.maximum(high, daily))
