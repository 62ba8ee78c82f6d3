"""The endpoints that 1NCE posts to: the Data Streamer's and the SMS Forwarder's. A post is stored, then answered."""

import binascii
import hmac
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import HttpMethod, Request, Response, Router, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from console import metrics
from console.errors import NotFound, NotSignedIn
from console.facts.source import Source
from console.http.authentication import Access
from console.http.client_address import network_of
from console.http.route_options import FOR_PROGRAMS, KEY_IN_ADDRESS, QUIET
from console.http.sign_in_throttle import count_wrong_post
from console.organizations.reads import credentials
from console.settings import Settings
from console.store.database import Database
from console.streamer.bodies import Bounds, read_body
from console.streamer.forwarder_address import is_forwarder_token
from console.streamer.posts_writes import keep_post

OF_STREAMER = Bounds(
    msgspec.json.Decoder(list[msgspec.Raw]),
    "A post of the Data Streamer is a JSON list",
    largest_bytes=16 * 1024 * 1024,  # 1NCE sends 3,000 records at most, some 5 MB
    most_records=20_000,
)
OF_FORWARDER = Bounds(
    msgspec.json.Decoder(dict[str, msgspec.Raw]),
    "The SMS Forwarder sends one JSON object",
    largest_bytes=64 * 1024,
    most_records=1,
)


@post(
    "/streamer/{organization:str}",
    status_code=200,
    operation_id="takeStream",
    include_in_schema=False,
    request_max_body_size=OF_STREAMER.largest_bytes,
)
async def streamer(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    organization: FromPath[str],
) -> Response[bytes]:
    """Only 200 acknowledges a post; anything else makes 1NCE send it again. Many wrong passwords are 429."""
    async with db.reading() as connection:
        found = await credentials(connection, settings.secret_key, slug=organization)
    username, password = (found.streamer_username, found.streamer_password) if found else (None, None)
    if not _is_right(request.headers.get("authorization", ""), username, password) or found is None:
        metrics.streamer_posts.labels("refused").inc()
        await count_wrong_post(db.redis, network_of(request.scope), datetime.now(UTC).timestamp())
        raise NotSignedIn("Wrong user name or password for this organization's streamer")
    return await _keep(request, db, found.organization_id, OF_STREAMER, Source.STREAMER)


@route(
    "/forwarder/{token:str}",
    http_method=[HttpMethod.POST, HttpMethod.PATCH],
    status_code=200,
    opt={KEY_IN_ADDRESS: True},
    operation_id="takeMessage",
    request_max_body_size=OF_FORWARDER.largest_bytes,
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
        found = await credentials(connection, settings.secret_key, slug=token.partition(".")[0])
    if found is None or not is_forwarder_token(settings.secret_key, found.slug, found.forwarder_generation, token):
        metrics.streamer_posts.labels("refused").inc()
        raise NotFound("There is nothing here")
    return await _keep(request, db, found.organization_id, OF_FORWARDER, Source.FORWARDER)


router = Router(
    "/",
    route_handlers=[streamer, forwarder],
    include_in_schema=False,
    opt={"access": Access.OWN, FOR_PROGRAMS: True, QUIET: True},
)


async def _keep(
    request: Request[Any, Any, Any], db: Database, organization_id: int, bounds: Bounds, source: Source
) -> Response[bytes]:
    """Store what was posted, and acknowledge it; of an empty list there is nothing to store."""
    body, records = await read_body(request, bounds)
    if records:
        async with db.transaction() as transaction:
            await keep_post(transaction, organization_id, body, datetime.now(UTC), source=source)
    metrics.streamer_posts.labels("kept").inc()
    return Response(b"", status_code=200)


def _is_right(header: str, username: str | None, password: str | None) -> bool:
    """Compare in constant time, also for an organization that is not there or takes no stream."""
    scheme, _, text = header.partition(" ")
    try:
        given = b64decode(text, validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    expected = f"{username}:{password}".encode()
    return hmac.compare_digest(given, expected) and username is not None and password is not None
