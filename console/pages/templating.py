"""How templates are found and what they can do: volumes, counts and times in people's words."""

import re
from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension

from console.facts.masking import masked_sms, written
from console.pages.address_faults import address_faults
from console.pages.reader import for_many
from console.pages.static import static_address
from console.pages.texts import (
    age,
    ago,
    ahead,
    axis,
    clock,
    count,
    date,
    due,
    exact,
    fields,
    fresh,
    hour,
    iso,
    money,
    server_time,
    signed,
    span,
    tenths,
    until,
    utc_date,
    volume,
)
from console.runs.schedule import BY_NAME
from console.sims.rules import LOW_PERCENT

ROOT = Path(__file__).parents[2]
TEXT_BEFORE_TAG = re.compile(r"(?!(?:\{%[^%]*%\}\s*)+$).*[^-]%\}")
FIRST_MOMENT = datetime(1, 1, 1, tzinfo=UTC)
FIRST_NUMBER = 2**63  # so that negative numbers sort before the others


class Unindented(Extension):
    """Takes the indentation from a template before it is compiled: a tenth of a list's bytes, and nobody sees it.

    What stands in `<pre>` and `<textarea>` comes from values, which are left as they are.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template with as many lines as before.

        `trim_blocks` takes the end of a line after a tag: where the line has text too, a space keeps its words apart
        from those of the next.
        """
        lines = (line.lstrip(" \t") for line in source.split("\n"))
        return "\n".join(f"{line} " if TEXT_BEFORE_TAG.fullmatch(line) else line for line in lines)


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
        hour=hour,
        axis=axis,
        exact=exact,
        fields=fields,
        fresh=fresh,
        utc_date=utc_date,
        tenths=tenths,
        signed=signed,
        span=span,
        ahead=ahead,
        due=due,
        until=until,
        age=age,
        money=money,
        masked_sms=masked_sms,
        written=written,
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
        """The fragment as HTML, alike for everybody who receives it."""
        with for_many():
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
