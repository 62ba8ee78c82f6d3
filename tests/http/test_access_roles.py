"""Every route of the API asked by the token of every role, and every route by every role for another's things."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

import httpx
import pytest

from console.settings import Settings
from console.store.database import Database
from tests.cast import PASSWORD, Cast
from tests.http.access_cast import BEARERS, World
from tests.http.access_pages import PAGES
from tests.http.access_rows import ROLES, Row
from tests.http.access_table import API, OPEN
from tests.http.test_access_matrix import ask, refused, shows_identifiers, untouched
from tests.serving import Served

pytestmark = pytest.mark.one_edition
ENDING = "POST /api/v1/auth/logout"  # ends the token that it is asked with


async def token_of(program: httpx.AsyncClient, role: str) -> dict[str, str]:
    """What a program sends that has signed in as the person of this role."""
    answer = await program.post("/api/v1/auth/login", json={"username": BEARERS[role], "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def may(row: Row, role: str) -> bool:
    """Whether the table lets this role in."""
    return row.needs == "anyone" or set(row.needs.split()) <= set(ROLES[role].split())


async def test_each_operation_answers_the_token_of_each_role_as_the_table_says(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    world, wrong = World(web, db, cast, settings), []
    async with AsyncExitStack() as stack:
        await world.begin(stack)
        program = await stack.enter_async_context(web.stranger())
        for role in ROLES:
            token = await token_of(program, role)
            for route, row in sorted(API.items(), key=lambda one: one[0] == ENDING):
                answer = await ask(program, route, row, world.ours, **token)
                if refused(answer) != ("let in" if may(row, role) else "forbidden"):
                    wrong.append(f"{route} by {role}: {answer.status_code} {answer.text[:120]}")
                if shows_identifiers(answer) and "identifiers:read" not in ROLES[role].split():
                    wrong.append(f"{route} by {role} shows an IMSI or MSISDN whole")
            after = await program.get("/api/v1/whoami", headers=token)
            assert after.status_code == 401, "it has signed out"
    assert not wrong, "\n".join(wrong)


async def test_no_role_finds_anything_of_another_organization(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    world, wrong = World(web, db, cast, settings), []
    named = {route: row for route, row in {**PAGES, **API}.items() if "{" in route}
    async with AsyncExitStack() as stack:
        await world.begin(stack)
        program = await stack.enter_async_context(web.stranger())
        for role in ROLES:
            token = await token_of(program, role)
            for route, row in named.items():
                by_token = route in API
                headers = token if by_token else {}
                answer = await ask(program if by_token else world.people[role], route, row, world.theirs, **headers)
                if answer.status_code not in ((404,) if may(row, role) else (403, 404)):
                    wrong.append(f"{route} of another organization by {role}: {answer.status_code}")
        assert await untouched(world)
    assert not wrong, "\n".join(wrong)


async def test_what_is_public_asks_nobody_and_what_has_credentials_of_its_own_takes_no_others(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    world, wrong = World(web, db, cast, settings), []
    things: Mapping[str, str] = {"token": "x" * 43, "organization": "acme"}
    async with AsyncExitStack() as stack:
        await world.begin(stack)
        program = await stack.enter_async_context(web.stranger())
        token = await token_of(program, "admin")
        for route, row in OPEN.items():
            if "*" in route:
                continue
            for client, headers in ((program, {}), (program, token), (world.people["admin"], {})):
                answer = await ask(client, route, row, things, **headers)
                if row.needs == "own" and answer.status_code not in (400, 401, 403, 404) and route != "GET /metrics":
                    wrong.append(f"{route} lets in who has other credentials: {answer.status_code}")
                if row.needs == "public" and answer.status_code == 403:
                    wrong.append(f"{route} asks who it is: {answer.status_code} {answer.text[:100]}")
    assert not wrong, "\n".join(wrong)
