"""The endpoints that 1NCE posts to: the Data Streamer's and the SMS Forwarder's. A post is stored, then answered."""

import binascii
import hmac
import zlib
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import HttpMethod, Request, Response, Router, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from console import metrics
from console.errors import BadRequest, ConsoleError, NotFound, NotSignedIn
from console.facts.source import Source
from console.http.authentication import Access
from console.json_text import readable
from console.organizations.reads import account
from console.settings import Settings
from console.store.database import Database
from console.streamer.forwarder_address import is_forwarder_token
from console.streamer.posts.writes import keep_post

LARGEST_BYTES = 16 * 1024 * 1024  # 1NCE sends 3,000 records at most, some 5 MB
LARGEST_MESSAGE_BYTES = 64 * 1024
MOST_VALUES = 1_000_000  # in a post: 3,000 records have some 150,000
GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
PACKED = frozenset({"gzip", "x-gzip", "deflate"})

_list = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


class TooLarge(ConsoleError):
    """More than a post can be."""

    status, code = 413, "TOO_LARGE"


@post(
    "/streamer/{organization:str}",
    status_code=200,
    opt={"access": Access.OWN},
    operation_id="takeStream",
    include_in_schema=False,
    request_max_body_size=LARGEST_BYTES,
)
async def streamer(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    organization: FromPath[str],
) -> Response[bytes]:
    """Only 200 acknowledges a post; anything else makes 1NCE send it again."""
    async with db.reading() as connection:
        found = await account(connection, settings.secret_key, slug=organization)
    username, password = (found.streamer_username, found.streamer_password) if found else (None, None)
    if not _is_right(request.headers.get("authorization", ""), username, password) or found is None:
        metrics.streamer_batches.labels("refused").inc()
        raise NotSignedIn("Wrong user name or password for this organization's streamer")
    body = await _body(request, LARGEST_BYTES)
    records = _read(_list, body, "A post of the Data Streamer is a JSON list")
    if records:
        async with db.transaction() as transaction:
            await keep_post(transaction, found.organization_id, body, datetime.now(UTC))
    metrics.streamer_batches.labels("kept").inc()
    return Response(b"", status_code=200)


@route(
    "/forwarder/{token:str}",
    http_method=[HttpMethod.POST, HttpMethod.PATCH],
    status_code=200,
    opt={"access": Access.OWN},
    operation_id="takeMessage",
    request_max_body_size=LARGEST_MESSAGE_BYTES,
    include_in_schema=False,
)
async def forwarder(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    token: FromPath[str],
) -> Response[bytes]:
    """A message from a device is posted, the report on one to a device comes as a PATCH: they differ in shape.

    The SMS Forwarder knows no password: who does not know the address finds nothing here.
    """
    async with db.reading() as connection:
        found = await account(connection, settings.secret_key, slug=token.partition(".")[0])
    if found is None or not is_forwarder_token(settings.secret_key, found.slug, found.forwarder_generation, token):
        metrics.streamer_batches.labels("refused").inc()
        raise NotFound("There is nothing here")
    body = await _body(request, LARGEST_MESSAGE_BYTES)
    _read(_object, body, "The SMS Forwarder sends one JSON object")
    async with db.transaction() as transaction:
        await keep_post(transaction, found.organization_id, body, datetime.now(UTC), source=Source.FORWARDER)
    metrics.streamer_batches.labels("kept").inc()
    return Response(b"", status_code=200)


router = Router("/", route_handlers=[streamer, forwarder], include_in_schema=False)


async def _body(request: Request[Any, Any, Any], largest: int) -> bytes:
    """The body, unpacked if it was packed; never more of it in memory than may be."""
    given = request.headers.get("content-encoding", "").lower().split(",")
    encodings = [one.strip() for one in given if one.strip() not in ("", "identity")]
    if len(encodings) > 1 or not PACKED.issuperset(encodings):
        raise _refused(BadRequest("A post is packed once, with gzip or deflate, or not at all"))
    unpacking = Unpacking(largest) if encodings else None
    body = bytearray()
    async for part in request.stream():
        if unpacking is None:
            body += part
        else:
            try:
                unpacking.take(part, body)
            except zlib.error as error:
                raise _refused(BadRequest("The post can't be unpacked")) from error
        if len(body) > largest:
            raise _refused(TooLarge(f"At most {largest} bytes a post"))
    if unpacking is not None and not unpacking.ended:
        raise _refused(BadRequest("The post ends before its end"))
    return readable(bytes(body)).strip()


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


def _refused(error: ConsoleError) -> ConsoleError:
    metrics.streamer_batches.labels("refused").inc()
    return error


def _read(decoder: "msgspec.json.Decoder[Any]", body: bytes, expected: str) -> Any:
    """Look whether it is JSON of this kind, and no further. BadRequest if it is not, TooLarge for too many values."""
    if body.count(b",") > MOST_VALUES:
        raise _refused(TooLarge(f"At most {MOST_VALUES} values a post"))
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(BadRequest(expected)) from error


def _is_right(header: str, username: str | None, password: str | None) -> bool:
    """Compare in constant time, also for an organization that is not there or takes no stream."""
    scheme, _, text = header.partition(" ")
    try:
        given = b64decode(text, validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    expected = f"{username}:{password}".encode()
    return hmac.compare_digest(given, expected) and username is not None and password is not None
