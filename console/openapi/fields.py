"""Fields and types of the OpenAPI document's schemas, for the documentation page."""

from collections.abc import Sequence

from msgspec import Struct

from console.openapi.example import Part, resolved


class Field(Struct, frozen=True):
    """A field of an answer; `fields` are those within it."""

    name: str
    kind: str
    text: str
    fields: "Sequence[Field]"


def kind_of(document: Part, schema: Part) -> str:
    """A schema's type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if choices := schema.get("oneOf", schema.get("anyOf")):
        return " or ".join(kind_of(document, one) for one in choices)
    kinds = schema.get("type", "anything")
    words = [
        f"list of {kind_of(document, schema['items'])}"
        if kind == "array" and "items" in schema
        else str(schema.get("format", kind))
        if kind == "string"
        else str(kind)
        for kind in (kinds if isinstance(kinds, list) else [kinds])
    ]
    return " or ".join(words)


def fields(document: Part, schema: Part, depth: int) -> list[Field]:
    """The fields within, looked for in lists and choices too."""
    schema = resolved(document, schema)
    for choice in schema.get("oneOf", ()):
        if found := fields(document, choice, depth):
            return found
    if "items" in schema:
        return fields(document, schema["items"], depth)
    if not depth:
        return []
    return [
        Field(name, kind_of(document, one), one.get("description", ""), fields(document, one, depth - 1))
        for name, one in schema.get("properties", {}).items()
    ]
