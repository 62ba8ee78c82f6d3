"""The documentation page's section on the stream: the AsyncAPI document, shaped for a template."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from console.live.messages import LARGEST_FROM_CLIENT
from console.openapi.fields import Field, fields
from console.openapi.page import as_json

Part = dict[str, Any]
DEPTH = 3  # of things within things


class Message(Struct, frozen=True, kw_only=True):
    """One message on the stream."""

    kind: str
    text: str
    fields: Sequence[Field]
    example: str


def context(document: Part) -> Part:
    """For templates/api/_stream.html."""
    channel = document["channels"]["stream"]
    sent = _messages(document, "publish")
    return {
        "address": channel["address"],
        "text": document["info"]["description"],
        "asked": channel["bindings"]["ws"]["query"]["properties"],
        "facts": [one for one in sent if not one.kind.startswith("stream.")],
        "itself": [one for one in sent if one.kind.startswith("stream.")],
        "received": _messages(document, "receive"),
        "closings": channel["x-close-codes"],
        "largest": LARGEST_FROM_CLIENT,
    }


def _messages(document: Part, operation: str) -> list[Message]:
    named = [one["$ref"].rpartition("/")[2] for one in document["operations"][operation]["messages"]]
    return [_message(document, document["components"]["messages"][kind]) for kind in named]


def _message(document: Part, message: Part) -> Message:
    within = [one for one in fields(document, message["payload"], DEPTH) if one.name != "type"]
    example = as_json(message["examples"][0]["payload"])
    return Message(kind=message["name"], text=message["summary"], fields=within, example=example)
