"""Requests whose JSON body is read as leniently as what 1NCE posts, and refused with 400 if it is none."""

from typing import Any

from litestar import Request

from console.errors import BadRequest, Invalid
from console.json_text import holds_nul, readable


class JsonRequest(Request[Any, Any, Any]):
    """A request to a page or to the API."""

    async def json(self) -> Any:
        """The body's value, read once: without a byte order mark, and U+FFFD where bytes are no character.

        Raises Invalid for a text with NUL, and BadRequest for more levels than can be read; malformed JSON is
        Litestar's SerializationException.
        """
        body = await self.body()
        if holds_nul(body):
            raise Invalid("A text can't hold the character NUL")
        self._body = readable(body)
        try:
            return await super().json()
        except RecursionError as error:
            raise BadRequest("The JSON has too many levels") from error
