"""Ids of another organization's things in bodies and queries: nothing of it is shown, nothing of it changes."""

import itertools
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from litestar.routes import HTTPRoute

from console.api_keys.writes import put_key
from console.app import create_app
from console.organizations.rules import Permission
from console.settings import Settings
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, PASSWORD, Cast
from tests.http.access_cast import NOW, World
from tests.http.access_foreign import BODIES, NAMELESS, QUERIES, Foreign
from tests.http.access_table import API
from tests.http.test_access_matrix import THEIRS, plain
from tests.serving import Served

pytestmark = pytest.mark.one_edition
_keys = itertools.count()
OURS = (
    ADAS_SIM,
    ADAS_OTHER_SIM,
    "pump-1",
    "Acme",
    '"paul"',
    '"ada"',
    "group of paul",
    "channel of paul",
    "works of paul",
)
WALKED = {"actions", "audit", "bulk-actions", "connectivity", "notification-deliveries", "quotas/forecasts", "sims"}


def filled(body: Any, things: Mapping[str, str]) -> Any:
    """The body with these things."""
    match body:
        case dict():
            return {name: filled(value, things) for name, value in body.items()}
        case list():
            return [filled(value, things) for value in body]
        case str() if body.startswith("{int:"):
            return int(things[body[5:-1]])
        case str():
            return body.format(**things)
    return body


async def sent(
    client: httpx.AsyncClient, route: str, row: Foreign, path_of: Mapping[str, str], body_of: Mapping[str, str]
) -> httpx.Response:
    method, path = route.partition("#")[0].split(" ", 1)
    body = filled(row.body, body_of)
    as_json = path.startswith("/api/") or path in ("/shown", "/wall/shown", "/sims/waiting")
    named = {"params": body} if method == "GET" else {"json": body} if as_json else {"data": body}
    headers = {"Idempotency-Key": f"foreign-{next(_keys)}"} if method in ("POST", "DELETE") else {}
    return await client.request(method, path.format(**path_of), headers=headers, **named)


async def more(world: World) -> None:
    """What only bodies name."""
    for things, number, name in ((world.ours, world.cast.acme, "otto"), (world.theirs, world.cast.evil, "eve")):
        things["other_iccid"] = EVES_SIM if name == "eve" else ADAS_OTHER_SIM
        things["member"], things["password"] = name, PASSWORD
        async with world.db.reading() as reading:
            query = sa.text("SELECT max(id) FROM api_keys WHERE organization_id = :number")
            things["key_id"] = str((await reading.execute(query, {"number": number})).scalar_one())


async def rows_of(db: Database, organization_id: int) -> dict[str, str]:
    """What each table holds of an organization, as a checksum."""
    found = {}
    async with db.reading() as reading:
        owned = """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
              AND a.attname = 'organization_id' ORDER BY 1"""
        for table in (await reading.execute(sa.text(owned))).scalars().all():
            text = (
                f"SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} t WHERE organization_id = :number"
            )
            found[table] = (await reading.execute(sa.text(text), {"number": organization_id})).scalar_one()
        text = "SELECT md5(o::text) FROM organizations o WHERE id = :number"
        found["organizations"] = (await reading.execute(sa.text(text), {"number": organization_id})).scalar_one()
    return found


def test_every_route_that_takes_a_body_or_names_a_thing_in_its_query_has_a_row() -> None:
    settings = Settings(database_url="postgresql+asyncpg://x", redis_url="redis://x", secret_key="x" * 40)
    bodies, queries = set(), set()
    for route in create_app(settings).routes:
        for method, (handler, _) in route.route_handler_map.items() if isinstance(route, HTTPRoute) else ():
            name, taken = f"{method} {plain(route.path)}", set(handler.parsed_fn_signature.parameters)
            if method not in ("GET", "OPTIONS") and "data" in taken:
                bodies.add(name)
            if method == "GET" and any(one for one in taken if names_a_thing(one) and f"{{{one}}}" not in name):
                queries.add(name)
    rows = {row.partition("#")[0] for row in BODIES}
    assert not rows & NAMELESS
    assert bodies == rows | NAMELESS, "access_foreign.py says what each body names"
    assert queries <= {row.partition("#")[0] for row in QUERIES}


def names_a_thing(parameter: str) -> bool:
    return parameter.endswith("_id") or parameter in ("iccid", "iccids", "rule", "peek", "template", "q")


async def test_ids_of_another_organization_in_bodies_and_queries_cross_nothing(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    world, wrong, said = World(web, db, cast, settings), [], ""
    async with AsyncExitStack() as stack:
        await world.begin(stack)
        await more(world)
        async with db.transaction() as transaction:
            everything = await put_key(transaction, cast.acme, "everything", list(Permission), NOW)
        program = await stack.enter_async_context(web.stranger())
        program.headers["X-API-Key"] = everything
        before = await rows_of(db, cast.evil)
        for route, row in {**QUERIES, **BODIES}.items():
            client = program if "/api/" in route else world.people["admin"]
            for whose, things, expected in (("own", world.ours, row.own), ("another's", world.theirs, row.foreign)):
                answer = await sent(client, route, row, world.ours, things)
                said += str(filled(row.body, things))  # what was sent may be shown from then on
                leaks = [one for one in THEIRS if one in answer.text and one.strip('"<>') not in said]
                if answer.status_code != expected or leaks:
                    wrong.append(f"{route} with {whose}: {answer.status_code} not {expected}, shows {leaks}")
        assert before == await rows_of(db, cast.evil)
    assert not wrong, "\n".join(wrong)


async def test_a_cursor_of_another_organization_is_a_place_in_ones_own_list(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    world, wrong, walked = World(web, db, cast, settings), [], set()
    async with AsyncExitStack() as stack:
        await world.begin(stack)
        async with db.transaction() as transaction:
            for number in (cast.acme, cast.evil):
                world.keys[str(number)] = await put_key(transaction, number, "everything", list(Permission), NOW)
        await more(world)
        program = await stack.enter_async_context(web.stranger())
        for number, things in ((cast.acme, world.ours), (cast.evil, world.theirs)):  # two of each, so that one follows
            program.headers["X-API-Key"] = world.keys[str(number)]
            for route in (
                one for one in BODIES if one.startswith("POST /api/v1/") and one != "POST /api/v1/auth/login"
            ):
                await sent(program, route, BODIES[route], things, things)

        async def listed(number: int, path: str, cursor: str = "") -> httpx.Response:
            query = {"page_size": "1"} | ({"cursor": cursor} if cursor else {})
            return await program.get(path, params=query, headers={"X-API-Key": world.keys[str(number)]})

        for path in (route.split()[1] for route in API if route.startswith("GET") and "{" not in route):
            for whose, reader in ((cast.acme, cast.evil), (cast.evil, cast.acme)):
                found = await listed(whose, path)
                if found.status_code != 200 or not (cursor := found.json().get("next_cursor")):
                    continue
                walked.add(path.removeprefix("/api/v1/"))
                answer = await listed(reader, path, cursor)
                shown = {cast.acme: THEIRS, cast.evil: OURS}[reader]
                if answer.status_code != 200 or (leaks := [one for one in shown if one in answer.text]):
                    wrong.append(f"{path}: {answer.status_code} {leaks}")
    assert not wrong, "\n".join(wrong)
    assert walked >= WALKED
