"""Which usage records are the same one, although a time of theirs was left out or written to another precision."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from console.store.bulk import Row

Span = tuple[datetime, datetime]  # from its start to the last instant that belongs to it
BETWEEN = timedelta(milliseconds=1)  # at most, between two spans of which one ends where the other begins


def touch(one: Span, other: Span) -> bool:
    """Whether two spans have an instant in common, or no other instant between them."""
    return one[0] <= other[1] + BETWEEN and other[0] <= one[1] + BETWEEN


def each_once(records: Sequence[Row]) -> list[Row]:
    """Of records with the same id of the same SIM whose spans touch, the one with the longest span."""
    found: dict[tuple[str, str, int], list[Row]] = {}
    for row in records:
        others = found.setdefault((row["iccid"], row["source"], row["record_id"]), [])
        for place, other in enumerate(others):
            if touch((row["started_at"], row["time"]), (other["started_at"], other["time"])):
                others[place] = max(other, row, key=lambda one: one["time"] - one["started_at"])
                break
        else:
            others.append(row)
    return [row for others in found.values() for row in others]
