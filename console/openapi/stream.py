"""The description of the program's stream (AsyncAPI 3), made of the very Structs that travel on it."""

import inspect
from collections.abc import Sequence
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec
from litestar import Request, get

from console.facts import Fact, topics
from console.live import messages
from console.live.messages import LARGEST_FROM_CLIENT, REASONS, RESTARTING
from console.openapi.page import origin

Part = dict[str, Any]
FROM_US: Sequence[type[msgspec.Struct]] = (
    messages.StreamHello,
    messages.StreamReset,
    messages.StreamHeartbeat,
    messages.StreamStale,
    messages.StreamLive,
    messages.StreamError,
)
FACTS: Sequence[type[msgspec.Struct]] = get_args(Fact)
FROM_CLIENT: Sequence[type[msgspec.Struct]] = get_args(messages.FromClient)
PLACE: Part = {
    "epoch": {"type": "string", "description": "Within one epoch `seq` only rises; a new one begins when Redis does."},
    "seq": {"type": "integer", "description": "The fact's number."},
}
QUERY: Part = {
    "topics": {
        "type": "string",
        "description": "By comma: account, fleet, alerts, actions, sms, jobs, sim:<ICCID>; else fleet,alerts,actions.",
        "examples": ["fleet,sim:8988228066600000001"],
    },
    "since": {
        "type": "string",
        "pattern": "^.*:[0-9]+$",
        "description": "<epoch>:<seq> of the last message heard: what was told after it comes first.",
    },
    "coalesce": {"type": "string", "enum": ["1"], "description": "Of each thing the latest state only."},
}
TEXT = (
    "Every change of the fleet the moment it happens, in order, each once. A client that comes back with `since` gets"
    " exactly what it missed, or `stream.reset`: then it fetches a snapshot from the API and goes on. Ignore types and"
    " fields that you do not know."
)


def document(host: str, *, secure: bool) -> Part:
    """The whole of it, for a console that is reached at this host."""
    _, schemas = msgspec.json.schema_components(
        [*FROM_US, *FACTS, *FROM_CLIENT], ref_template="#/components/schemas/{name}"
    )
    for fact in FACTS:
        _place(schemas[fact.__name__])
    told = [*FROM_US, *FACTS]
    closings = "; ".join(f"{code} {reason}" for code, reason in {**REASONS, RESTARTING: "restarting"}.items())
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "SIM console: the stream", "version": "1", "description": TEXT},
        "defaultContentType": "application/json",
        "servers": {
            "console": {
                "host": host,
                "protocol": "wss" if secure else "ws",
                "security": [
                    {"$ref": "#/components/securitySchemes/apiKey"},
                    {"$ref": "#/components/securitySchemes/bearer"},
                ],
            }
        },
        "channels": {
            "stream": {
                "address": "/api/v1/stream",
                "title": "The stream",
                "description": f"A WebSocket; one JSON object a message. Closed with: {closings}; 1008 no such topic.",
                "messages": {
                    _kind(one): {"$ref": f"#/components/messages/{_kind(one)}"} for one in [*told, *FROM_CLIENT]
                },
                "bindings": {
                    "ws": {"method": "GET", "query": {"type": "object", "properties": QUERY}, "bindingVersion": "0.1.0"}
                },
            }
        },
        "operations": {
            "tell": _operation("send", "What the console tells.", told),
            "hear": _operation(
                "receive", f"What a client may say, at most {LARGEST_FROM_CLIENT} bytes a message.", FROM_CLIENT
            ),
        },
        "components": {
            "messages": {_kind(one): _message(one) for one in [*told, *FROM_CLIENT]},
            "schemas": schemas,
            "securitySchemes": {
                "apiKey": {
                    "type": "httpApiKey",
                    "in": "header",
                    "name": "X-API-Key",
                    "description": "An API key: iot_key_…",
                },
                "bearer": {"type": "http", "scheme": "bearer", "description": "The same API key."},
            },
        },
    }


def _kind(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag)


def _operation(action: str, text: str, told: Sequence[type[msgspec.Struct]]) -> Part:
    named = [{"$ref": f"#/channels/stream/messages/{_kind(one)}"} for one in told]
    return {"action": action, "channel": {"$ref": "#/channels/stream"}, "summary": text, "messages": named}


def _message(struct: type[msgspec.Struct]) -> Part:
    kind, text = _kind(struct), inspect.cleandoc(struct.__doc__ or "")
    if struct in FACTS:
        text += f" Travels on the topics {', '.join(topics(kind, '<ICCID>'))}."
    return {
        "name": kind,
        "summary": text,
        "payload": {"$ref": f"#/components/schemas/{struct.__name__}"},
        "contentType": "application/json",
    }


def _place(schema: Part) -> None:
    """On the wire a fact says where it stands."""
    schema["properties"] = {"type": schema["properties"]["type"], **PLACE, **schema["properties"]}
    schema["required"] = [*schema["required"], *PLACE]


@get("/asyncapi.json", include_in_schema=False)
async def asyncapi(request: Request[Any, Any, Any]) -> Part:
    """The description of the stream, for programs. Needs no sign-in: it says nothing of any fleet."""
    address = urlsplit(origin(request))
    return document(address.netloc, secure=address.scheme == "https")
