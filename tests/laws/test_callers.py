"""Law 10, as a stranger sees it: every address but the few public ones wants to know who calls, before all else."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from litestar import Litestar, get
from litestar.routes import HTTPRoute, WebSocketRoute

from console.app import create_app
from console.http.authentication import Access
from console.settings import Settings
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.one_edition
ANSWERING = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
# What anybody may see, or what asks for credentials of its own.
PUBLIC = (
    "/sign-in",
    "/sign-out",
    "/join/",  # the address is the key, once
    "/static",
    "/service-worker.js",
    "/health",
    "/api/v1/health",
    "/api/v1/openapi.json",
    "/api/v1/asyncapi.json",
    "/api/v1/docs",
    "/api/v1/auth/",  # a name and a password, a refresh token; signing out asks who it is
    "/metrics",  # a token, or a direct peer on this machine
    "/auth/oidc/",  # where signing in begins and ends; the logout has a signed token
    "/streamer/",  # Basic authentication
    "/forwarder/",  # the address is the key
    "/wall/key",  # where a wall screen's key is entered
)


@asynccontextmanager
async def stranger(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has not signed in."""
    async with app.lifespan():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test", trust_env=False) as client:
            yield client


def addresses(app: Litestar) -> list[tuple[str, str]]:
    """Method and path of everything that answers; a parameter stands there by its name, an id by a number."""
    return [
        (method, re.sub(r"{\w+_id}", "1", route.path_format).replace("{", "").replace("}", ""))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in sorted(route.methods & ANSWERING)
    ]


async def answering(app: Litestar, client: httpx.AsyncClient) -> list[str]:
    """The addresses that do something else for a stranger than to ask who it is."""
    found = []
    for method, path in addresses(app):
        if not path.startswith(PUBLIC):
            answer = await client.request(method, path, headers={"Origin": "http://test"})
            asks = answer.status_code == 401 or answer.headers.get("location", "").startswith("/sign-in")
            if not asks:
                found.append(f"{method} {path}: {answer.status_code}")
    return found


async def test_a_stranger_is_asked_who_it_is_everywhere(settings: Settings, cast: Cast) -> None:
    app = create_app(settings)
    async with stranger(app) as client:
        assert len(addresses(app)) > 20
        assert await answering(app, client) == []


async def test_whoever_is_known_is_answered(settings: Settings, cast: Cast) -> None:
    app = create_app(settings)
    async with stranger(app) as client:
        signed_in = await client.post(
            "/sign-in", data={"name": "vera", "password": PASSWORD}, headers={"Origin": "http://test"}
        )
        assert signed_in.status_code == 303
        assert {(await client.get(path)).status_code for path in ("/", "/sims", "/jobs", "/carrier")} == {200}


async def test_a_handler_that_asks_nobody_is_found(settings: Settings, cast: Cast) -> None:
    @get("/api/v1/secrets", sync_to_thread=False, opt={"access": Access.PUBLIC})
    def secrets() -> str:
        return "all of them"

    @get("/fleet/secrets", sync_to_thread=False, opt={"access": Access.PUBLIC})
    def more_secrets() -> str:
        return "more of them"

    app = create_app(settings)
    app.register(secrets)
    app.register(more_secrets)
    async with stranger(app) as client:
        assert await answering(app, client) == ["GET /api/v1/secrets: 200", "GET /fleet/secrets: 200"]


def test_the_sockets_are_the_three_that_ask(settings: Settings) -> None:
    sockets = {route.path for route in create_app(settings).routes if isinstance(route, WebSocketRoute)}
    assert sockets == {"/live", "/api/v1/stream", "/wall/live"}, (
        "a new one needs its own test that a stranger is refused"
    )
