"""What each SIM used in a range of whole hours, from as few sums as add up to it."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from console.usage.tables import usage_daily, usage_hourly

DAY = timedelta(days=1)
Part = tuple[sa.Table, datetime, datetime, bool]


def used_in(organization_id: int, since: datetime, until: datetime, now: datetime) -> "sa.Subquery":
    """Rows of `organization_id`, `iccid` and `data_bytes` that add up to it; those to be subtracted are negative."""
    return sa.union_all(*(_rows(organization_id, part) for part in parts(since, until, now))).subquery("used")


def parts(since: datetime, until: datetime, now: datetime) -> Iterator[Part]:
    """The days and hours that add up to this range, in a table, and whether they are added; else they are subtracted.

    A day of which the range has more hours than not is read whole. Hours after `now`'s have hardly a row.
    """
    first, last = _midnight(since + DAY - timedelta(microseconds=1)), _midnight(until)
    if first < last:
        yield usage_daily, first, last, True
    for begins, ends in [(since, first), (last, until)] if first <= last else [(since, until)]:
        if begins < ends:
            yield from _of_a_day(begins, ends, now)


def _of_a_day(begins: datetime, ends: datetime, now: datetime) -> Iterator[Part]:
    day = _midnight(begins)
    around = [(day, begins), (ends, day + DAY)]
    if sum((_passed(*one, now) for one in around), timedelta()) >= _passed(begins, ends, now):
        yield usage_hourly, begins, ends, True
        return
    yield usage_daily, day, day + DAY, True
    for without in around:
        if without[0] < without[1]:
            yield usage_hourly, *without, False


def _passed(begins: datetime, ends: datetime, now: datetime) -> timedelta:
    return max(timedelta(), min(ends, now) - begins)


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)


def _rows(organization_id: int, part: Part) -> "sa.Select[*tuple[Any, ...]]":
    table, begins, ends, added = part
    c = table.c
    amount = c.data_bytes if added else -c.data_bytes
    return sa.select(c.organization_id, c.iccid, amount.label("data_bytes")).where(
        c.organization_id == organization_id, c.bucket >= begins, c.bucket < ends
    )
