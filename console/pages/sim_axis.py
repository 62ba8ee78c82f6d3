"""An axis of time, and what stands on it: shapes in percent of its length."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

SCALE = 100.0  # percent of the width


class Shape(Struct, frozen=True, kw_only=True):
    """Something on the axis: where it begins and how long it is in percent of the axis, and how high of 100."""

    x: str
    width: str
    kind: str
    text: str
    height: int = 100


class Axis(Struct, frozen=True):
    """From when until when it goes."""

    since: datetime
    until: datetime

    def at(self, time: datetime) -> float:
        """Where a moment stands, in percent; what is outside stands at the end."""
        return min(SCALE, max(0.0, SCALE * ((time - self.since) / (self.until - self.since))))

    def shape(self, since: datetime, until: datetime, kind: str, text: str, height: int = 100) -> Shape:
        """The shape from one moment to another."""
        x = self.at(since)
        return Shape(x=f"{x:.3f}", width=f"{self.at(until) - x:.3f}", kind=kind, text=text, height=height)


def joined(times: Sequence[datetime], step: timedelta) -> list[list[datetime]]:
    """These steps, those that follow each other as one: from when until when."""
    found: list[list[datetime]] = []
    for time in times:
        if found and found[-1][1] == time:
            found[-1][1] = time + step
        else:
            found.append([time, time + step])
    return found
