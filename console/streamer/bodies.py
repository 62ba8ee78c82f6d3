"""Bodies of posts: unpacked, made readable, and refused as a whole where they exceed a bound or are not what is posted.

A body comes within BODY_SECONDS (console/http/requests.py), and is read beside the loop where it is large, one such
body at a time: bytes that are no characters, and half a million escapes, take a second of the interpreter.
"""

import asyncio
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from litestar import Request
from msgspec import Struct

from console import metrics
from console.errors import BadRequest, ConsoleError, TooLarge
from console.json_text import TooLong, readable, repaired, shallow

MOST_VALUES = 1_000_000  # in a post: 3,000 records have some 150,000
LARGE = 256 * 1024  # bytes; what is smaller, and has no more than MANY_BRACKETS that open, is read within milliseconds
MANY_BRACKETS = 20_000  # records have some ten each
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_thread = ThreadPoolExecutor(1, thread_name_prefix="large-posts")  # two would keep the loop waiting twice as long


class Bounds(Struct, frozen=True):
    """What a post of one sender is, and how much of it there may be at most."""

    decoder: "msgspec.json.Decoder[Any]"
    expected: str  # for the sender of anything else
    largest_bytes: int
    most_records: int


async def read_body(request: Request[Any, Any, Any], bounds: Bounds) -> tuple[bytes, int]:
    """The body in UTF-8, and how many records it has. Raises BadRequest, or TooLarge, and counts the refusal."""
    try:
        body = await _unpacked(request, bounds.largest_bytes)
        if takes_long(body):
            return await asyncio.get_running_loop().run_in_executor(_thread, _read, body, bounds)
        return _read(body, bounds)
    except ConsoleError:
        metrics.streamer_posts.labels("refused").inc()
        raise


def takes_long(body: bytes) -> bool:
    """Whether reading it could hold the event loop."""
    return len(body) > LARGE or body.count(b"[") + body.count(b"{") > MANY_BRACKETS


async def _unpacked(request: Request[Any, Any, Any], largest: int) -> bytes:
    """The body, unpacked if it was packed; never more of it in memory than may be."""
    given = request.headers.get("content-encoding", "").lower().split(",")
    encodings = [one.strip() for one in given if one.strip() not in ("", "identity")]
    if len(encodings) > 1 or not PACKED.issuperset(encodings):
        raise BadRequest("A post is packed once, with gzip or deflate, or not at all")
    unpacking = Unpacking(largest) if encodings else None
    body = bytearray()
    async for part in request.stream():
        if unpacking is None:
            body += part
        else:
            try:
                await asyncio.to_thread(unpacking.take, part, body)  # a few bytes can be megabytes
            except zlib.error as error:
                raise BadRequest("The post can't be unpacked") from error
        if len(body) > largest:
            raise TooLarge(f"At most {largest} bytes a post")
    if unpacking is not None and not unpacking.ended:
        raise BadRequest("The post ends before its end")
    return bytes(body)


def _read(body: bytes, bounds: Bounds) -> tuple[bytes, int]:
    """Look whether it is JSON of this kind, and no further."""
    try:
        text = readable(body, bounds.largest_bytes)
    except TooLong as error:
        raise TooLarge(f"At most {bounds.largest_bytes} bytes a post, also with what is replaced in it") from error
    if text.count(b",") > MOST_VALUES:
        raise TooLarge(f"At most {MOST_VALUES} values a post")
    try:
        found, text = _decoded(text, bounds.decoder)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(bounds.expected) from error
    records = len(found) if isinstance(found, list) else 1
    if records > bounds.most_records:
        raise TooLarge(f"At most {bounds.most_records} records a post")
    return text, records


def _decoded(text: bytes, decoder: "msgspec.json.Decoder[Any]") -> tuple[Any, bytes]:
    """What was posted, and its text; repaired, or with deep records as texts, where it can't be read otherwise."""
    try:
        return decoder.decode(text), text
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        text = repaired(text)
    except RecursionError:
        text = shallow(text)
    return decoder.decode(text), text


class Unpacking:
    """A packed body, unpacked as it comes: one member after the other (RFC 1952 allows several), nothing after them."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._member = zlib.decompressobj(GZIP_OR_ZLIB)

    @property
    def ended(self) -> bool:
        """Whether the last member is whole."""
        return self._member.eof

    def take(self, part: bytes, body: bytearray) -> None:
        """Unpack a part onto the body, one byte more than the largest at most. Raises zlib.error."""
        while part and len(body) <= self._largest:
            if self._member.eof:
                if not part.strip(b"\0"):
                    return  # padding, as tapes have it
                self._member = zlib.decompressobj(GZIP_OR_ZLIB)
            body += self._member.decompress(part, self._largest + 1 - len(body))
            part = self._member.unused_data
