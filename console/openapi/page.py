"""The documentation page's contents: the OpenAPI document, sorted and put so that a template can draw it."""

import json
from collections.abc import Sequence
from typing import Any

from litestar import Request
from msgspec import Struct

from console.errors import ConsoleError
from console.openapi.completion import operations
from console.openapi.example import Part, resolved
from console.openapi.fields import Field, fields, kind_of
from console.settings import Settings

DEPTH = 4  # of things within things
QUERIES = {
    "listSims": "connection=online&sort=-last_seen_at&page_size=20",
    "getUsage": "by=hour",
    "getSimUsage": "by=day",
    "listQuotas": "service=data",
    "getSimEvents": "severity=error",
    "listConnectivity": "page_size=100",
    "listEvents": "severity=error&severity=critical",
    "listJobs": "job=sync_sims&limit=10",
}


class Parameter(Struct, frozen=True):
    """A parameter of an operation, as the page lists it."""

    name: str
    place: str
    kind: str
    required: bool
    standard: str | None
    text: str


class Operation(Struct, frozen=True, kw_only=True):
    """One thing that a program can ask for."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    opened: bool
    asked: Sequence[Parameter]
    kind: str
    fields: Sequence[Field]
    example: str
    refusals: Sequence[tuple[str, str]]  # status and what it means
    curl: str


class Group(Struct, frozen=True):
    """Operations with the same tag."""

    name: str
    text: str
    operations: Sequence[Operation]


def origin(request: Request[Any, Any, Any]) -> str:
    """What people type before the path: as the operator has set it, else as the browser asked."""
    settings: Settings = request.app.state.settings
    return settings.public_origin[0] if settings.public_origin else str(request.base_url).rstrip("/")


def context(document: Part, asked_at: str) -> Part:
    """For templates/api/docs.html. `asked_at` is the origin in the examples."""
    return {
        "text": document["info"]["description"],
        "origin": asked_at,
        "socket_origin": asked_at.replace("http", "ws", 1),
        "groups": [_group(document, tag, asked_at) for tag in document["tags"]],
        "error": as_json(document["components"]["responses"]["NotFound"]["content"]["application/json"]["example"]),
        "errors": sorted(_errors().values(), key=lambda one: (one.status, one.code)),
        "headers": document["components"]["headers"],
    }


def _errors() -> dict[str, type[ConsoleError]]:
    found: dict[str, type[ConsoleError]] = {}
    waiting: list[type[ConsoleError]] = [ConsoleError]
    while waiting:
        one = waiting.pop()
        found.setdefault(one.code, one)
        waiting += one.__subclasses__()
    return found


def _group(document: Part, tag: Part, asked_at: str) -> Group:
    theirs = [
        _operation(document, path, method, operation, asked_at)
        for path, method, operation in operations(document)
        if tag["name"] in operation.get("tags", ())
    ]
    return Group(tag["name"], tag["description"], sorted(theirs, key=lambda one: (one.path, one.method)))


def _operation(document: Part, path: str, method: str, operation: Part, asked_at: str) -> Operation:
    status, answer = next((s, a) for s, a in operation["responses"].items() if s.startswith("2"))
    content: Part = next(iter(answer.get("content", {}).values()), {})
    schema = content.get("schema", {})
    opened = operation.get("security") == []
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=operation.get("description", ""),
        opened=opened,
        asked=[_parameter(one) for one in operation.get("parameters", []) if "$ref" not in one],
        kind=f"{status} · {kind_of(document, schema)}",
        fields=fields(document, schema, DEPTH),
        example=as_json(content["example"]) if "example" in content else "",
        refusals=[
            (status, _described(document, refusal))
            for status, refusal in operation["responses"].items()
            if not status.startswith("2")
        ],
        curl=_curl(path, method, operation, asked_at, opened=opened),
    )


def as_json(thing: Any) -> str:
    """JSON with an indentation of two blanks and Unicode as it is, for the page alone."""
    return json.dumps(thing, indent=2, ensure_ascii=False)


def _described(document: Part, answer: Part) -> str:
    return str(resolved(document, answer).get("description", ""))


def _parameter(parameter: Part) -> Parameter:
    schema = parameter["schema"]
    kind = " | ".join(map(str, schema["enum"])) if "enum" in schema else schema.get("format", schema.get("type", ""))
    if "minimum" in schema and "maximum" in schema:
        kind = f"{kind}, {schema['minimum']:,} to {schema['maximum']:,}"
    return Parameter(
        name=parameter["name"],
        place=parameter["in"],
        kind=kind,
        required=parameter.get("required", False),
        standard=str(schema["default"]) if schema.get("default") not in (None, "") else None,
        text=parameter.get("description", ""),
    )


def _curl(path: str, method: str, operation: Part, asked_at: str, *, opened: bool) -> str:
    for parameter in operation.get("parameters", ()):
        if parameter.get("in") == "path":
            path = path.replace("{" + parameter["name"] + "}", str(parameter.get("example", "…")))
    query = QUERIES.get(operation["operationId"])
    words = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    words += [] if opened else ['-H "X-API-Key: $CONSOLE_KEY"']
    return " ".join([*words, f'"{asked_at}{path}{"?" + query if query else ""}"'])
