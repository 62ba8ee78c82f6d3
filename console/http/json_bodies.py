"""Requests whose JSON body is read as leniently as what 1NCE posts, and refused with 400 if it is none."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from litestar import Request

from console.errors import BadRequest, Invalid
from console.json_text import holds_nul, readable


def _each_once(pairs: Sequence[tuple[str, Any]]) -> None:
    """Raises Invalid for a name that an object has twice: readers differ in which of its values they take."""
    if len(pairs) > 1 and len({name for name, _ in pairs}) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise Invalid(f"The field {name[:40]!r} is given more than once", field=name[:40])


_AS_GIVEN = json.JSONDecoder(object_pairs_hook=_each_once, parse_int=str, parse_float=str, strict=False)


class JsonRequest(Request[Any, Any, Any]):
    """A request to a page or to the API."""

    async def json(self) -> Any:
        """The body's value, read once: without a byte order mark, and U+FFFD where bytes are no character.

        Raises Invalid for a text with NUL and for a field that is given twice, and BadRequest for more levels than can
        be read; malformed JSON is Litestar's SerializationException.
        """
        body = await self.body()
        if holds_nul(body):
            raise Invalid("A text can't hold the character NUL")
        self._body = readable(body)
        try:
            value = await super().json()
            _AS_GIVEN.decode(self._body.decode() or "null")
        except RecursionError as error:
            raise BadRequest("The JSON has too many levels") from error
        return value
