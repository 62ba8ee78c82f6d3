"""Every route, topic and command, asked by every role, every scope, nobody, and for another organization's things."""

import asyncio
import itertools
import json
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import click
import httpx
import pytest
import sqlalchemy as sa
import websockets
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute, WebSocketRoute

from console.api_keys.writes import put_key
from console.app import create_app
from console.cli.main import console
from console.organizations.rules import Permission, Role
from console.settings import Settings
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast
from tests.http.access_cast import IMSI, MSISDN, NOW, World
from tests.http.access_pages import PAGES
from tests.http.access_rows import ROLES, Row
from tests.http.access_table import API, BY_KEY, COMMANDS, OPEN, SOCKETS, TOPICS
from tests.serving import Served

pytestmark = pytest.mark.one_edition
_keys = itertools.count()
TRIED = (EVES_SIM,)  # the trail of an organization names what its own callers tried
THEIRS = (
    EVES_SIM,
    "eve-1",
    "Evil",
    '"eve"',
    ">eve<",
    "eve's program",
    "group of eve",
    "channel of eve",
    "view of eve",
    "works of eve",
    "eve.example",
)


@pytest.fixture
def settings_alone() -> Settings:
    return Settings(
        database_url="postgresql+asyncpg://127.0.0.1:1/x", redis_url="redis://127.0.0.1:1/0", secret_key="x" * 40
    )


def plain(path: str) -> str:
    """A route's path with the plain names of its parameters."""
    return re.sub(r"{(\w+):\w+}", r"{\1}", re.sub(r"^/static/.*", "/static/*", path))


def test_every_route_has_a_row_and_every_row_a_route(settings_alone: Settings) -> None:
    app = create_app(settings_alone)
    there = {
        f"{method} {plain(route.path)}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS" and isinstance(handler, HTTPRouteHandler)
    }
    assert there == {*PAGES, *API, *OPEN}, "access_table.py and access_pages.py say who may call each route"
    assert {route.path for route in app.routes if isinstance(route, WebSocketRoute)} == set(SOCKETS)


def test_every_command_has_a_row() -> None:
    context = click.Context(console)

    def names(group: click.Group, before: str = "") -> set[str]:
        found = set()
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            inner = isinstance(command, click.Group)
            found |= names(command, f"{before}{name} ") if inner else {before + name}  # type: ignore[arg-type]
        return found

    assert names(console) == COMMANDS | BY_KEY


def test_the_table_of_roles_is_the_one_that_decides() -> None:
    from console.organizations.rules import PERMISSIONS

    assert {role.value: set(PERMISSIONS[role]) for role in Role} == {
        role: set(names.split()) for role, names in ROLES.items()
    }


async def ask(
    client: httpx.AsyncClient, route: str, row: Row, things: Mapping[str, str], **headers: str
) -> httpx.Response:
    method, path = route.split(" ", 1)
    json_body = path.startswith("/api/") or path in ("/shown", "/wall/shown", "/sims/waiting")
    body: dict[str, Any] = {} if method in ("GET", "DELETE") else {"json" if json_body else "data": row.body or {}}
    headers |= {"Idempotency-Key": f"key-{next(_keys)}"} if method in ("POST", "DELETE") else {}
    return await client.request(method, path.format(**things), headers=headers, **body)


def refused(answer: httpx.Response) -> str:
    """`unknown` to a caller whom nobody knows, `forbidden` to one who may not, else `let in`."""
    if answer.status_code == 401 or answer.headers.get("location", "").startswith("/sign-in"):
        return "unknown"
    assert answer.status_code < 500, f"{answer.request.method} {answer.request.url}: {answer.text[:300]}"
    return "forbidden" if answer.status_code == 403 else "let in"


async def test_each_route_answers_each_role_each_scope_and_each_organization_as_the_table_says(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    world, wrong = World(web, db, cast, settings), []
    async with AsyncExitStack() as stack:
        await world.begin(stack)
        stranger = await stack.enter_async_context(web.stranger())
        for route, row in {**PAGES, **API}.items():
            if (found := refused(await ask(stranger, route, row, world.ours))) != "unknown":
                wrong.append(f"{route} by nobody: {found}")
        wrong += await theirs(world, stranger)
        for route, row in API.items():
            for scopes, key in world.keys.items():
                enough = row.needs == "anyone" or set(row.needs.split()) <= set(scopes.split())
                answer = await ask(stranger, route, row, world.ours, **{"X-API-Key": key})
                found = refused(answer)
                if found != ("let in" if enough else "forbidden"):
                    wrong.append(f"{route} with {scopes}: {found}")
                if shows_identifiers(answer):
                    wrong.append(f"{route} with {scopes} shows an IMSI or MSISDN whole")
        for route, row in PAGES.items():
            for role, permissions in ROLES.items():
                expected = "let in" if row.needs in ("anyone", *permissions.split()) else "forbidden"
                answer = await ask(world.people[role], route, row, world.ours)
                if shows_identifiers(answer) and "identifiers:read" not in permissions.split():
                    wrong.append(f"{route} by {role} shows an IMSI or MSISDN whole")
                if refused(answer) != expected:
                    wrong.append(f"{route} by {role}: {refused(answer)}")
    assert not wrong, "\n".join(wrong)


def shows_identifiers(answer: httpx.Response) -> bool:
    return IMSI in answer.text or MSISDN in answer.text


async def theirs(world: World, program: httpx.AsyncClient) -> list[str]:
    """What lets somebody see or touch what is another organization's: by its name in the address, or in a list."""
    found = []
    async with world.db.transaction() as transaction:
        everything = await put_key(transaction, world.cast.acme, "everything", list(Permission), NOW)
    for route, row in {**PAGES, **API}.items():
        by_key = route in API
        client = program if by_key else world.people["admin"]
        headers = {"X-API-Key": everything} if by_key else {}
        named = "{" in route
        if not named and not route.startswith("GET"):
            continue
        answer = await ask(client, route, row, world.theirs, **headers)
        if named and answer.status_code != 404:
            found.append(f"{route} of another organization: {answer.status_code}")
        shown = TRIED if route in ("GET /audit", "GET /api/v1/audit") else ()
        if leaks := [one for one in THEIRS if one in answer.text and answer.status_code == 200 and one not in shown]:
            found.append(f"{route} shows {leaks}")
    assert await untouched(world)
    return found


async def untouched(world: World) -> bool:
    """Whether what is Eve's is as it was."""
    async with world.web.program(world.cast.eve_key) as eve:
        sim = (await eve.get(f"/sims/{EVES_SIM}")).json()
    async with world.db.reading() as reading:
        query = sa.text("SELECT count(*) FROM sessions WHERE organization_id = :evil")
        open_sessions = (await reading.execute(query, {"evil": world.cast.evil})).scalar_one()
    return bool(sim["watched"] and not sim["tags"] and not sim["note"] and open_sessions)


async def test_each_topic_is_for_whoever_has_its_permission(web: Served, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        keys = {
            scope: await put_key(transaction, cast.acme, scope, {scope, Permission.STREAM_READ}, NOW)
            for scope in Permission
        }
        without = await put_key(transaction, cast.acme, "no stream", set(Permission) - {Permission.STREAM_READ}, NOW)
    topics = [topic.format(iccid=ADAS_SIM) for topic in TOPICS]
    for scope, key in keys.items():
        async with web.stream(key, "?topics=") as socket:
            await socket.recv()
            for topic in [*topics, "end"]:
                await socket.send(json.dumps({"type": "subscribe", "topics": [topic]}))
            refusals: list[str] = []
            while not any("'end'" in one for one in refusals):
                message = json.loads(await asyncio.wait_for(socket.recv(), 5))
                refusals += [message["message"]] if message["type"] == "stream.error" else []
            allowed = {topic: not any(kind_in(topic, one) for one in refusals) for topic in topics}
        assert allowed == {topic: TOPICS[name] == scope for topic, name in zip(topics, TOPICS, strict=True)}, scope
    async with web.stream(without) as socket:
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4403
    async with web.stream(keys[Permission.ALERTS_READ], "?topics=fleet") as socket:
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4403


def kind_in(topic: str, refusal: str) -> bool:
    return refusal == f"You may not listen to: {topic.partition(':')[0]}"
