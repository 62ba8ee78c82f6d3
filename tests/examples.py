"""Things as the API's description shows them, made of the examples of their fields."""

from typing import TypeVar

import msgspec

from console.openapi.example import example_of

Shown = TypeVar("Shown", bound=msgspec.Struct)


def example(struct: type[Shown]) -> Shown:
    """One of this type."""
    (reference,), schemas = msgspec.json.schema_components([struct], ref_template="#/components/schemas/{name}")
    return msgspec.convert(example_of({"components": {"schemas": schemas}}, reference), struct)
