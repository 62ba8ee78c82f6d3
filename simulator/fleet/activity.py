"""How busy the hours of the day are: devices follow people, and people sleep."""

import math

from simulator.fleet.operators import Country


def activity(hour: float, seconds: float, country: Country) -> float:
    """From 0.5 an hour after midnight to 1.2 an hour after noon, by the country's own clocks.

    `hour` is the UTC hour at which the simulated life began, `seconds` how long ago that is.
    """
    local = (hour + seconds / 3600 + country.offset) % 24
    return 0.85 - 0.35 * math.cos(2 * math.pi * (local - 1) / 24)
