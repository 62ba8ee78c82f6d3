"""The guard of every route sees the caller, and decides by the route's options alone."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from litestar import Litestar, get, post
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath
from litestar.routes import HTTPRoute

from console.app import create_app
from console.errors import NotAllowed
from console.http.authentication import Access, Authentication, Connection, allowed, noting
from console.http.exceptions import error_response
from console.http.route_options import FOR_PROGRAMS
from console.organizations.rules import PERMISSIONS, Caller, Permission, Role
from console.settings import Settings

CALLERS = {
    role.value: Caller(
        organization_id=1, organization="Acme", name="ada", permissions=PERMISSIONS[role], role=role, user_id=1
    )
    for role in Role
}


async def find(connection: Connection) -> Caller | None:
    return CALLERS.get(connection.headers.get("x-test-role", ""))


async def unnoticed(connection: Connection, error: NotAllowed) -> None:
    pass


@get("/api/read", opt={"access": Access.API, "permission": Permission.SIMS_READ})
async def read() -> str:
    return "read"


@get("/api/act", opt={"access": Access.API, "permission": Permission.SIMS_ACT})
async def act() -> str:
    return "acted"


@get("/api/run", opt={"access": Access.API, "permission": Permission.JOBS_RUN})
async def run() -> str:
    return "ran"


@get("/api/administer", opt={"access": Access.API, "permission": Permission.ADMIN})
async def administer() -> str:
    return "administered"


@get("/api/forgotten", opt={FOR_PROGRAMS: True})
async def forgotten() -> str:
    return "nobody said who may read this"


@get("/elsewhere/page", opt={"access": Access.PAGE})
async def page() -> str:
    return "page"


@post("/api/form", status_code=200, opt={"access": Access.PUBLIC, FOR_PROGRAMS: True})
async def form() -> str:
    return "changed"


@post("/form/program", status_code=200, opt={"access": Access.API})
async def program() -> str:
    return "changed"


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar(
        [read, act, run, administer, forgotten, page, form, program],
        middleware=[Authentication(lambda: {Access.PAGE: find, Access.API: find})],
        guards=[allowed(lambda connection: connection.headers.get("origin") == "http://console", unnoticed)],
        exception_handlers={Exception: error_response},
        openapi_config=None,
    )
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://console") as found:
        yield found


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (None, [401] * 4),
        ("viewer", [200, 403, 403, 403]),
        ("operator", [200, 200, 403, 403]),
        ("engineer", [200, 200, 200, 403]),
        ("admin", [200] * 4),
    ],
)
async def test_a_permission_lets_in_who_has_it_and_nobody_else(role: str | None, statuses: list[int]) -> None:
    headers = {"X-Test-Role": role} if role else {}
    async with client() as browser:
        found = [
            (await browser.get(f"/api/{name}", headers=headers)).status_code
            for name in ("read", "act", "run", "administer")
        ]
    assert found == statuses


async def test_a_route_without_the_option_is_refused_to_everybody() -> None:
    async with client() as browser:
        answer = await browser.get("/api/forgotten", headers={"X-Test-Role": "admin"})
    assert answer.status_code == 500
    assert "nobody said" not in answer.text


async def test_a_page_without_a_caller_leads_to_the_sign_in() -> None:
    async with client() as browser:
        refused = await browser.get("/elsewhere/page")
        shown = await browser.get("/elsewhere/page", headers={"X-Test-Role": "viewer"})
    assert (refused.status_code, refused.headers["location"]) == (303, "/sign-in?next=/elsewhere/page")
    assert shown.text == "page"


async def test_what_a_route_refuses_itself_is_noted_once() -> None:
    """A command that is refused has a line of its own already; what the guard refuses has one by the guard."""

    @get("/api/{noted:str}", opt={"access": Access.API})
    async def refuses(noted: FromPath[str]) -> None:
        error = NotAllowed("You may not")
        error.noted = noted == "noted"
        raise error

    found: list[str] = []

    async def note(connection: Connection, error: NotAllowed) -> None:
        found.append(f"{connection.scope['path']}: {error.message}")

    app = Litestar(
        [refuses, act],
        middleware=[Authentication(lambda: {Access.API: find}, guards=[allowed(lambda _: True, note)])],
        after_exception=[noting(note)],
        exception_handlers={Exception: error_response},
        openapi_config=None,
    )
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://console") as browser:
        for name in ("noted", "left", "act"):
            answer = await browser.get(f"/api/{name}", headers={"X-Test-Role": "viewer"})
            assert answer.status_code == 403
    assert found == ["/api/left: You may not", "/api/act: This needs the permission sims:act"]


async def test_the_origin_is_checked_by_option_whatever_the_path() -> None:
    async with client() as browser:
        theirs, ours = {"Origin": "http://evil.example"}, {"Origin": "http://console"}
        assert (await browser.post("/api/form", headers=theirs)).status_code == 403
        assert (await browser.post("/api/form", headers=ours)).status_code == 200
        key = {"X-Test-Role": "viewer"}
        assert (await browser.post("/form/program", headers=theirs | key)).status_code == 200
        assert (await browser.post("/form/program", headers=theirs)).status_code == 401


def test_each_role_may_do_all_that_the_one_before_may() -> None:
    sets = [PERMISSIONS[role] for role in Role]
    assert sets[0] < sets[1] < sets[2] < sets[3] == frozenset(Permission)


def handlers(app: Litestar) -> Iterator[tuple[str, BaseRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method != "OPTIONS":  # Litestar's own: says which methods there are
                    yield f"{method} {route.path}", handler
        else:
            found: Any = route.route_handler
            yield route.path, found


def test_every_route_says_who_may_call_it() -> None:
    settings = Settings(
        database_url="postgresql+asyncpg://127.0.0.1:1/x", redis_url="redis://127.0.0.1:1/0", secret_key="x" * 40
    )
    app = create_app(settings)
    options = {name: handler.opt.get("access") for name, handler in handlers(app)}
    assert len(options) > 20
    assert [name for name, access in options.items() if not isinstance(access, Access)] == []
    by_key = {name for name, access in options.items() if access is Access.API}
    assert "GET /api/v1/sims" in by_key
    open_to_all = {name for name, access in options.items() if access is Access.PUBLIC and "/health" not in name}
    assert {name for name in open_to_all if "/static" not in name} == {
        "GET /service-worker.js",
        "GET /sign-in",
        "POST /sign-in",
        "POST /sign-in/passkey",
        "POST /sign-in/passkey/question",
        "POST /sign-out",
        "GET /sign-in/forgotten",
        "POST /sign-in/forgotten",
        "GET /wall/key",
        "POST /wall/key",
        "GET /join/{token:str}",
        "POST /join/{token:str}",
        *(f"{method} /sign-in/{step}" for method in ("GET", "POST") for step in ("second", "set-up")),
        "GET /auth/oidc/start",
        "GET /auth/oidc/callback",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
        "GET /api/v1/asyncapi.json",
        "GET /api/v1/docs",
        "GET /api/v1/openapi.json",
    }
