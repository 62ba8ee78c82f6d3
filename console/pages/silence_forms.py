"""The forms of silences and maintenance windows, as browsers send them."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct, ValidationError, convert

from console.errors import Invalid
from console.iccid import InvalidIccid, parse
from console.silences.bodies import NewSilence, WindowSetting
from console.silences.rules import Label, Matcher
from console.sims.annotations_rules import AnnotationRefused, fold_tag

Text = Annotated[str, Meta(max_length=3_000)]
VALUE = re.compile(r'\s*(?:"((?:[^"]|"")+)"\s*|([^,]*))(?:,|$)')  # in quotes, or without a comma
SPANS = (("30", "30 minutes"), ("120", "2 hours"), ("480", "8 hours"), ("1440", "24 hours"))  # minutes


class MatchersForm(Struct):
    """What is to be hidden: of each label values by comma, in quotes those that have one; `not_` for none of them."""

    rule: Text = ""
    severity: Text = ""
    operator: Text = ""
    country: Text = ""
    tag: Text = ""
    iccid: Text = ""
    not_tag: Text = ""


class SilenceForm(MatchersForm):
    """A silence that begins now."""

    reason: Text = ""
    minutes: Text = "120"


class WindowForm(MatchersForm):
    """A maintenance window."""

    name: Text = ""
    time_zone: Text = ""
    first_begin: Text = ""  # as an input of the kind datetime-local sends it
    minutes: Text = ""
    repeats: Text = ""  # RFC 5545; empty: once


def matchers_of(form: MatchersForm) -> list[Matcher]:
    """The matchers that the fields name. Raises Invalid."""
    fields: Iterable[tuple[Label, str, bool]] = (
        (Label.RULE, form.rule, False),
        (Label.SEVERITY, form.severity, False),
        (Label.OPERATOR, form.operator, False),
        (Label.COUNTRY, form.country, False),
        (Label.TAG, form.tag, False),
        (Label.ICCID, form.iccid, False),
        (Label.TAG, form.not_tag, True),
    )
    return [
        Matcher(label=label, values=[_as_written(label, one) for one in values], negated=negated)
        for label, text, negated in fields
        if (values := _values(text))
    ]


def check_rules(form: MatchersForm, names: Collection[str]) -> None:
    """Raises Invalid for a rule that none is called: what is misspelt would hide nothing, and nobody would see it."""
    if unknown := [name for name in _values(form.rule) if name not in names]:
        hint = ": write a name that has a comma in quotes" if "," in form.rule else ""
        raise Invalid(f"No alert rule is called {', '.join(map(repr, unknown[:3]))}{hint}")


def _values(text: str) -> list[str]:
    found = (quoted.replace('""', '"') if quoted else plain for quoted, plain in VALUE.findall(text))
    return [one.strip() for one in found if one.strip()]


def _as_written(label: Label, value: str) -> str:
    """A value as alerts have it. Raises Invalid for one that none can have."""
    try:
        match label:
            case Label.TAG:
                return fold_tag(value)
            case Label.ICCID:
                return parse(value)
    except (AnnotationRefused, InvalidIccid) as error:
        raise Invalid(str(error)) from error
    return {Label.SEVERITY: value.lower(), Label.COUNTRY: value.upper()}.get(label, value)


def silence_of(form: SilenceForm, now: datetime) -> NewSilence:
    """The silence that the form asks for. Raises Invalid."""
    return NewSilence(
        matchers=matchers_of(form), reason=form.reason, ends_at=now + timedelta(minutes=_whole(form.minutes))
    )


def window_of(form: WindowForm) -> WindowSetting:
    """The window that the form asks for. Raises Invalid."""
    asked = {
        "name": form.name,
        "matchers": matchers_of(form),
        "time_zone": form.time_zone.strip(),
        "first_begin": form.first_begin,
        "length_minutes": _whole(form.minutes),
        "rule": form.repeats.strip() or None,
    }
    try:
        return convert(asked, WindowSetting)
    except ValidationError as error:
        raise Invalid("A window has a first beginning, and lasts 5 minutes to 7 days") from error


def _whole(text: str) -> int:
    if not (text.strip().isdecimal() and len(text.strip()) < 8):
        raise Invalid("The length is a whole number of minutes")
    return int(text)
