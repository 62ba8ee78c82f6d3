"""Templates of messages: a name and a text, with variables for a SIM's own values."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from console.errors import Invalid
from console.sms.parts import MOST_PARTS, ROOM, counted
from console.unicode_text import is_visible

LONGEST_NAME = 60
LONGEST_TEXT = MOST_PARTS * ROOM[0][1]


class SmsTemplate(Struct, frozen=True, kw_only=True):
    """A text that messages are made of."""

    id: Annotated[int, Meta(description="The console's number of it.", examples=[3])]
    name: Annotated[str, Meta(description="Unique in the organization.", examples=["Set the server"])]
    text: Annotated[
        str, Meta(description="With variables: see `variables`.", examples=["server={site}.example.com id={iccid}"])
    ]
    variables: Annotated[
        list[str],
        Meta(
            description="The names in braces: `label`, `iccid`, `imsi`, `msisdn`, `imei`, `ip_address`, and custom "
            "fields. A SIM without one of these values is not sent the message.",
            examples=[["site", "iccid"]],
        ),
    ]
    changed_by: Annotated[str, Meta(description="Who changed it last.", examples=["ada"])]
    changed_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])]


def checked_name(name: str) -> str:
    """The name on one line. Raises Invalid."""
    found = " ".join(name.split())
    if not 0 < len(found) <= LONGEST_NAME or not is_visible(found):
        raise Invalid(f"A template has a name of at most {LONGEST_NAME} printable characters")
    return found


def checked_text(text: str) -> str:
    """The text with line feeds alone, as it is sent. Raises Invalid for what can't be a message."""
    found = text.replace("\r\n", "\n")
    if not found.strip() or "\0" in found or counted(found).parts > MOST_PARTS:
        raise Invalid(f"A template has a text of at most {MOST_PARTS} parts")
    return found
