"""Requests are answered and logged by the options of routes; an address of no route takes those of routes beside it."""

import pytest
import structlog

from console.app import create_app
from console.http.requests import note
from console.http.route_options import (
    FILES,
    FOR_PROGRAMS,
    KEY_IN_ADDRESS,
    LIMITED,
    PAGE_NAMED,
    QUIET,
    options_of,
)
from console.settings import Settings
from tests.logged import SECRET
from tests.serving import Served

NOWHERE = "postgresql+asyncpg://nobody@localhost:1/none"
NAMES = (FILES, FOR_PROGRAMS, KEY_IN_ADDRESS, LIMITED, PAGE_NAMED, QUIET)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", set()),
        ("/nowhere", set()),
        ("/sims/8988280666000000000/nowhere", set()),
        ("/api/v1/sims/8988280666000000000/nowhere", {FOR_PROGRAMS, LIMITED}),
        ("/api/v2/sims", {FOR_PROGRAMS, LIMITED}),
        ("/api-keys/nowhere", set()),
        ("/streamer/main/x", {FOR_PROGRAMS, QUIET}),
        ("/forwarder/secret", {FOR_PROGRAMS, KEY_IN_ADDRESS, QUIET}),
        ("/forwarder/secret/x", {FOR_PROGRAMS, KEY_IN_ADDRESS, QUIET}),
        ("/join/secret/x", {KEY_IN_ADDRESS}),
        ("/health/x", {FOR_PROGRAMS, QUIET}),
        ("/healthy", set()),
        ("/static/old/app.js", {FILES, QUIET}),
        ("/prove", {PAGE_NAMED}),
    ],
)
def test_an_address_that_no_route_has_takes_the_options_beside_it(path: str, expected: set[str]) -> None:
    routes = create_app(Settings(database_url=NOWHERE, redis_url="redis://localhost:1", secret_key=SECRET)).routes
    found = options_of({"type": "http", "path": path}, routes)  # type: ignore[arg-type]
    assert {name for name in NAMES if found.get(name)} == expected


def test_no_key_in_an_address_is_logged() -> None:
    scope = {"type": "http", "method": "POST", "path": "/forwarder/secret", "path_template": "/forwarder/{token:str}"}
    with structlog.testing.capture_logs() as lines:
        note(scope, 404, 0.1, {KEY_IN_ADDRESS: True, QUIET: True})  # type: ignore[arg-type]
        note({**scope, "path": "/sims"}, 200, 0.1, {})  # type: ignore[typeddict-item]
        note({**scope, "path": "/health"}, 200, 0.1, {QUIET: True})  # type: ignore[typeddict-item]
    assert [line["path"] for line in lines] == ["/forwarder/{token:str}", "/sims"]


@pytest.mark.one_edition
async def test_an_api_key_on_a_page_signs_nobody_in(web: Served) -> None:
    async with web.stranger() as stranger:
        answer = await stranger.get("/sims", headers={"X-API-Key": "iot_key_x"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/sims")
