"""Examples of answers and messages, made of the examples that stand beside their fields."""

from typing import Any

Part = dict[str, Any]


def example_of(document: Part, schema: Part) -> Any:
    """The JSON value that this schema of the document is illustrated by; null where it says none and may be null.

    LookupError for a schema that may not be null and has no example, in itself or in its fields.
    """
    if examples := schema.get("examples"):
        return examples[0]
    for word in ("const", "default"):
        if word in schema:
            return schema[word]
    if "enum" in schema:
        return schema["enum"][0]
    if "$ref" in schema:
        return example_of(document, resolved(document, schema))
    for choice in (one for word in ("allOf", "oneOf", "anyOf") for one in schema.get(word, ())):
        if "$ref" in choice:
            return example_of(document, choice)
    if "items" in schema:
        return [example_of(document, schema["items"])]
    if "properties" in schema:
        return {name: example_of(document, one) for name, one in schema["properties"].items()}
    if may_be_null(schema):
        return None
    raise LookupError(f"no example: {schema}")


def may_be_null(schema: Part) -> bool:
    """Whether null is a value of this schema."""
    choices: list[Part] = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    return "null" in schema.get("type", ()) or {"type": "null"} in choices


def resolved(document: Part, part: Part) -> Part:
    """The part itself, where the document only refers to it."""
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part
