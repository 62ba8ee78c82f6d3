"""The description of the programs' stream (AsyncAPI 3), made of the Structs that are sent on it."""

import inspect
from collections.abc import Sequence
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec
from litestar import Request

from console.facts import Fact, topics
from console.live import messages
from console.live.messages import LARGEST_FROM_CLIENT
from console.openapi import stream_texts
from console.openapi.example import Part, example_of
from console.openapi.page import origin

FROM_CONSOLE: Sequence[type[msgspec.Struct]] = (
    messages.StreamHello,
    messages.StreamReset,
    messages.StreamHeartbeat,
    messages.StreamStale,
    messages.StreamLive,
    messages.StreamError,
)
FACTS: Sequence[type[Fact]] = get_args(Fact)
FROM_CLIENT: Sequence[type[msgspec.Struct]] = get_args(messages.FromClient)


def document(host: str, *, secure: bool) -> Part:
    """The document for a console that is reached at this host."""
    _, schemas = msgspec.json.schema_components(
        [*FROM_CONSOLE, *FACTS, *FROM_CLIENT], ref_template="#/components/schemas/{name}"
    )
    for fact in FACTS:
        _add_place(schemas[fact.__name__])
    from_console = [*FROM_CONSOLE, *FACTS]
    closings = "; ".join(f"{code} {reason}" for code, reason in stream_texts.CLOSINGS.items())
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "SIM console: the stream", "version": "1", "description": stream_texts.TEXT},
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
                "description": f"A WebSocket; one JSON object a message. Closed with: {closings}.",
                "x-close-codes": {str(code): reason for code, reason in stream_texts.CLOSINGS.items()},
                "messages": {
                    _kind(one): {"$ref": f"#/components/messages/{_kind(one)}"} for one in [*from_console, *FROM_CLIENT]
                },
                "bindings": {
                    "ws": {
                        "method": "GET",
                        "query": {"type": "object", "properties": stream_texts.QUERY},
                        "bindingVersion": "0.1.0",
                    }
                },
            }
        },
        "operations": {
            "publish": _operation("send", "What the console sends.", from_console),
            "receive": _operation(
                "receive", f"What a client may send, at most {LARGEST_FROM_CLIENT} bytes a message.", FROM_CLIENT
            ),
        },
        "components": {
            "messages": {_kind(one): _message(one, schemas) for one in [*from_console, *FROM_CLIENT]},
            "schemas": schemas,
            "securitySchemes": {
                "apiKey": {
                    "type": "httpApiKey",
                    "in": "header",
                    "name": "X-API-Key",
                    "description": "An API key: iot_key_…",
                },
                "bearer": {"type": "http", "scheme": "bearer", "description": "The same API key, or an access token."},
            },
        },
    }


def _kind(struct: type[msgspec.Struct]) -> str:
    return str(struct.__struct_config__.tag)


def _operation(action: str, text: str, structs: Sequence[type[msgspec.Struct]]) -> Part:
    named = [{"$ref": f"#/channels/stream/messages/{_kind(one)}"} for one in structs]
    return {"action": action, "channel": {"$ref": "#/channels/stream"}, "summary": text, "messages": named}


def _message(struct: type[msgspec.Struct], schemas: Part) -> Part:
    payload = {"$ref": f"#/components/schemas/{struct.__name__}"}
    kind, text = _kind(struct), inspect.cleandoc(struct.__doc__ or "")
    if struct in FACTS:
        text += f" Sent on the topics {', '.join(topics(kind, '<ICCID>'))}."
    return {
        "name": kind,
        "summary": text,
        "payload": payload,
        "contentType": "application/json",
        "examples": [
            {"name": kind.replace(".", "-"), "payload": example_of({"components": {"schemas": schemas}}, payload)}
        ],
    }


def _add_place(schema: Part) -> None:
    """Add the fields that a fact gets when it is published."""
    schema["properties"] = {"type": schema["properties"]["type"], **stream_texts.PLACE, **schema["properties"]}
    schema["required"] = [*schema["required"], *stream_texts.PLACE]


def described_for(request: Request[Any, Any, Any]) -> Part:
    """The document, with the address at which this client reaches the console."""
    address = urlsplit(origin(request))
    return document(address.netloc, secure=address.scheme == "https")
