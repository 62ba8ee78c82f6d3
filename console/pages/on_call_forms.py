"""The forms of who is on call, as browsers send them."""

from typing import Annotated

from msgspec import Meta, Struct, ValidationError, convert, field

from console.errors import Invalid
from console.facts.alerts import Priority
from console.notifications.on_call import MOST_PEOPLE, PrioritySetting, Rota

Text = Annotated[str, Meta(max_length=200)]
Texts = Annotated[list[Text], Meta(max_length=MOST_PEOPLE + 5)]


class RotaForm(Struct):
    """The order: a name and a channel a row; rows without a name are left out. `revision`: of the order that it was
    drawn from.
    """

    revision: Text = ""
    time_zone: Text = ""
    hand_over: Text = ""
    shift: Text = ""
    weekday: Text = "monday"
    first_day: Text = ""
    rounds: Text = "3"
    name: Texts = field(default_factory=list)
    channel: Texts = field(default_factory=list)


class PrioritiesForm(Struct):
    """Which priorities page and send, and after how many minutes each escalates: empty, never."""

    pages: Texts | Text = field(default_factory=list)  # a form with one box ticked sends no list
    sends: Texts | Text = field(default_factory=list)
    p1: Text = ""
    p2: Text = ""
    p3: Text = ""
    p4: Text = ""


class OverrideForm(Struct):
    """Who stands in on a day; no name: the usual person."""

    day: Text = ""
    name: Text = ""


def rota_of(form: RotaForm) -> Rota:
    """The order that the form asks for. Raises Invalid."""
    people = [
        {"name": name.strip(), "channel_id": _whole(channel, f"Choose a channel for {name.strip()}")}
        for name, channel in zip(form.name, form.channel, strict=False)
        if name.strip()
    ]
    asked = {
        "time_zone": form.time_zone.strip(),
        "hand_over": form.hand_over.strip()[:5],
        "shift": form.shift,
        "weekday": form.weekday,
        "first_day": form.first_day.strip(),
        "people": people,
        "rounds": _whole(form.rounds, "The number of rounds is a whole number"),
    }
    try:
        return convert(asked, Rota)
    except ValidationError as error:
        raise Invalid("An order has a time zone, an hour, a first day, and 1 to 10 rounds") from error


def priorities_of(form: PrioritiesForm) -> list[PrioritySetting]:
    """What the form says of each priority. Raises Invalid."""
    asked = [
        {
            "priority": one.value,
            "pages": one.value in _listed(form.pages),
            "sends": one.value in _listed(form.sends),
            "escalate_after_minutes": _whole(text, "Minutes are a whole number") if text else None,
        }
        for one, text in zip(
            Priority, (form.p1.strip(), form.p2.strip(), form.p3.strip(), form.p4.strip()), strict=True
        )
    ]
    try:
        return convert(asked, list[PrioritySetting])
    except ValidationError as error:
        raise Invalid("The next person gets it after 1 to 1,440 minutes") from error


def _listed(given: list[str] | str) -> list[str]:
    return [given] if isinstance(given, str) else given


def _whole(text: str, otherwise: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 8):
        raise Invalid(otherwise)
    return int(text)
