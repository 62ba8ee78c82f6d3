"""A route's dependencies are found in turn, each after those that it needs itself, in the request's own task."""

import asyncio
from typing import Any

import httpx
import pytest
from litestar import Litestar, get
from litestar.di import NamedDependency, Provide

from console.app import create_app
from console.errors import NotFound
from console.http.exceptions import error_response
from console.http.route_options import FOR_PROGRAMS
from console.http.routes import dependencies_in_turn
from console.settings import Settings

pytestmark = pytest.mark.one_edition
Found = list[tuple[str, asyncio.Task[Any] | None]]


def application(found: Found) -> Litestar:
    async def note(name: str) -> str:
        found.append((name, asyncio.current_task()))
        await asyncio.sleep(0)
        return name

    async def zone() -> str:
        return await note("zone")

    async def base(zone: NamedDependency[str]) -> str:
        return await note(f"base after {zone}")

    async def area() -> str:
        return await note("area")

    async def absent(area: NamedDependency[str]) -> str:
        raise NotFound(f"There is no {area}")

    @get("/here")
    async def here(base: NamedDependency[str], area: NamedDependency[str]) -> str:
        found.append(("here", asyncio.current_task()))
        return f"{base}, {area}"

    @get("/api/nowhere")
    async def nowhere(base: NamedDependency[str], absent: NamedDependency[str]) -> str:
        return f"{base}, {absent}"

    dependencies = {"zone": Provide(zone), "base": Provide(base), "area": Provide(area), "absent": Provide(absent)}
    return Litestar(
        [here, nowhere],
        dependencies=dependencies,
        exception_handlers={Exception: error_response},
        opt={FOR_PROGRAMS: True},
        openapi_config=None,
    )


async def ask(app: Litestar, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
        return await client.get(path, headers={"Accept": "application/json"})


async def test_they_share_the_task_of_the_request() -> None:
    found: Found = []
    app = application(found)
    assert (await ask(app, "/here")).text == "base after zone, area"
    assert len({task for _, task in found}) > 1, "each has a task of its own where nobody says otherwise"
    found.clear()
    dependencies_in_turn(app)
    assert (await ask(app, "/here")).text == "base after zone, area"
    assert [name for name, _ in found] == ["area", "zone", "base after zone", "here"]
    assert {task for _, task in found} == {asyncio.current_task()}


async def test_one_that_fails_is_answered_as_it_says() -> None:
    app = application([])
    dependencies_in_turn(app)
    answer = await ask(app, "/api/nowhere")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is no area")


def test_every_route_of_the_console_finds_them_so() -> None:
    settings = Settings(
        database_url="postgresql+asyncpg://127.0.0.1:1/x", redis_url="redis://127.0.0.1:1/0", secret_key="x" * 40
    )
    batches = [
        batch
        for route in create_app(settings).routes
        for _, model in getattr(route, "route_handler_map", {}).values()
        for batch in model.dependency_batches
    ]
    assert len(batches) > 500
    assert {len(batch) for batch in batches} == {1}
