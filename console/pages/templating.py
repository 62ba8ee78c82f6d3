"""How templates are found and what they can do: volumes, counts and times in people's words."""

import re
from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension

from console.carrier.money import money
from console.facts.masking import masked_text
from console.pages.address_faults import address_faults
from console.pages.static import static_address
from console.runs.schedule import BY_NAME
from console.sims.rules import LOW_PERCENT
from console.usage.volumes import NOTHING, volume

ROOT = Path(__file__).parents[2]
FIRST_MOMENT = datetime(1, 1, 1, tzinfo=UTC)
FIRST_NUMBER = 2**63  # so that negative numbers sort before the others


class Unindented(Extension):
    """Takes the indentation from a template before it is compiled: a tenth of a list's bytes, and nobody sees it.

    What stands in `<pre>` and `<textarea>` comes from values, which are left as they are.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template with as many lines as before."""
        return re.sub(r"^[ \t]+", "", source, flags=re.MULTILINE)


class Templates(Environment):
    """Templates that all have the same globals, kept as they were compiled: a third of the time of a list's rows."""

    def make_globals(self, d: "MutableMapping[str, Any] | None") -> "MutableMapping[str, Any]":
        """Those of the environment itself, where no others are given: `from … import` compares them in each row."""
        return super().make_globals(d) if d else self.globals


@cache
def environment() -> Environment:
    """The one Jinja environment, for pages and for live fragments alike. Everything is escaped.

    All templates are compiled here: to compile one while clients wait holds the event loop for some 50 ms.
    """
    made = Templates(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        auto_reload=False,
        cache_size=-1,  # all of them
        extensions=[Unindented],
    )
    made.filters.update(
        order=order,
        bytes=volume,
        count=count,
        ago=ago,
        iso=iso,
        clock=clock,
        date=date,
        span=span,
        until=until,
        age=age,
        money=money,
        without_numbers=masked_text,
        job_title=job_title,
    )
    made.globals.update(
        address_faults=address_faults,
        server_time=server_time,
        static=static_address(),
        low_quota_share=LOW_PERCENT / 100,
        drawn_for=None,
    )
    for name in made.list_templates(extensions=["html"]):
        made.get_template(name)
    return made


class Fragments:
    """Draws fragments for live views, from the templates that the pages include."""

    def __init__(self, made: Environment) -> None:
        self._environment = made

    def draw(self, template: str, **context: Any) -> str:
        """The fragment as HTML."""
        return self._environment.get_template(template).render(**context)


def order(*parts: datetime | int | str) -> str:
    """A text by which rows are sorted as the database sorts them by these parts: moments, numbers, words."""
    return " ".join(_sortable(part) for part in parts)


def _sortable(part: datetime | int | str) -> str:
    if isinstance(part, datetime):
        return f"{(part - FIRST_MOMENT) // timedelta(microseconds=1):020d}"
    return f"{part + FIRST_NUMBER:020d}" if isinstance(part, int) else part


def job_title(name: str) -> str:
    """What people call a job; of one that there is no more, its name."""
    return BY_NAME[name].title if name in BY_NAME else name


def count(number: int | None) -> str:
    """A whole number with its thousands apart."""
    return NOTHING if number is None else f"{number:,}"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago, or in how long, in one unit. static/js/time.js writes the same."""
    if moment is None:
        return NOTHING
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    size = abs(seconds)
    if size < 5:
        return "now"
    for limit, length, unit in ((60, 1, "s"), (3600, 60, "min"), (172_800, 3600, "h"), (float("inf"), 86_400, "d")):
        if size < limit:
            amount = f"{int(size // length):,} {unit}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return NOTHING


def span(seconds: float | None) -> str:
    """A length of time in one unit or two: "20 s", "12 min", "2 h 20 min", "3 d 4 h"."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    for large, small, size, parts in (("d", "h", 1440, 60), ("h", "min", 60, 1)):
        if minutes >= size:
            rest = minutes % size // parts
            return f"{minutes // size} {large} {rest} {small}" if rest else f"{minutes // size} {large}"
    return f"{minutes} min"


def iso(moment: datetime | None) -> str:
    """For machines: RFC 3339, UTC, to the second."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(moment: datetime | None, now: datetime | None = None) -> str:
    """The time of day, UTC; with the date, and the year, if they are not today's. static/js/time.js writes the same."""
    if moment is None:
        return NOTHING
    there, here = moment.astimezone(UTC), (now or datetime.now(UTC))
    if there.date() == here.date():
        return there.strftime("%H:%M:%S")
    return there.strftime("%-d %b %H:%M" if there.year == here.year else "%-d %b %Y %H:%M")


def until(moment: datetime | None, now: datetime | None = None) -> str:
    """In how long something is due; "due now" once that time has come."""
    if moment is None:
        return NOTHING
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return f"in {span(seconds)}" if seconds >= 1 else "due now"


def age(moment: datetime | None, now: datetime | None = None) -> str:
    """How old, as short as can be: "8 s", "3 min"; never negative."""
    text = ago(moment, now).removesuffix(" ago")
    return "0 s" if text == "now" or text.startswith("in ") else text


def server_time() -> str:
    """Now, for the browser to count ages from: RFC 3339, UTC, in milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def date(moment: datetime | None) -> str:
    """The day, UTC."""
    return NOTHING if moment is None else moment.astimezone(UTC).strftime("%-d %b %Y")
