"""Sockets pass the same authentication and the same guard as pages and the API, and are checked again later."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import websockets
from litestar import Litestar, WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.testing import TestClient

from console.api_keys.tables import api_keys
from console.api_keys.writes import revoke_key
from console.errors import TooMany
from console.http.authentication import Access, Authentication, Connection, allowed
from console.members.tables import members
from console.organizations.rules import PERMISSIONS, Caller, Permission, Role
from console.sessions.tables import sessions
from console.settings import Settings
from console.store.database import Database, Transaction
from console.users.tables import users
from console.users.writes import change_password, disable_user
from tests.cast import ADAS_SIM, PASSWORD, Cast
from tests.http.test_access import unnoticed
from tests.serving import Served, close_code, serving
from tests.sessions.test_idleness import last_deed, let_pass

pytestmark = pytest.mark.one_edition
Change = Callable[[Transaction], Awaitable[None]]


def changed(table: sa.Table, name: str, /, **values: Any) -> Change:
    async def change(transaction: Transaction) -> None:
        found = await transaction.connection.execute(sa.update(table).where(table.c.name == name).values(**values))
        assert found.rowcount == 1

    return change


async def disabled(transaction: Transaction) -> None:
    await disable_user(transaction, "otto", datetime.now(UTC))


async def another_password(transaction: Transaction) -> None:
    await change_password(transaction, "otto", "another " + PASSWORD)


def in_role(role: Role) -> Change:
    async def change(transaction: Transaction) -> None:
        otto = sa.select(users.c.id).where(users.c.name == "otto").scalar_subquery()
        await transaction.connection.execute(sa.update(members).where(members.c.user_id == otto).values(role=role))

    return change


async def expired(transaction: Transaction) -> None:
    over = datetime.now(UTC) - timedelta(seconds=1)
    await transaction.connection.execute(sa.update(sessions).values(expires_at=over))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(changed(users, "otto", name="otto-2"), None, id="another name"),
        pytest.param(in_role(Role.VIEWER), 4401, id="another role"),
        pytest.param(disabled, 4401, id="disabled"),
        pytest.param(another_password, 4401, id="another password"),
        pytest.param(expired, 4401, id="session over"),
    ],
)
@pytest.mark.usefixtures("quick_heartbeats")
async def test_a_users_socket_is_closed_when_what_they_may_do_changes_and_not_when_a_name_does(
    web: Served, db: Database, cast: Cast, change: Change, code: int | None
) -> None:
    async with web.signed_in("otto") as otto, web.page_socket(otto, "?view=sims&topics=fleet") as socket:
        assert "stream.hello" in await socket.recv()
        assert await close_code(socket, 0.5) is None, "it is open while nothing changes"
        async with db.transaction() as transaction:
            await change(transaction)
        assert await close_code(socket, 2 if code else 1) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(changed(api_keys, "ada's program", name="renamed"), None, id="another name"),
        pytest.param(changed(api_keys, "ada's program", scopes=["stream:read"]), 4401, id="other scopes"),
        pytest.param(None, 4401, id="revoked"),
    ],
)
@pytest.mark.usefixtures("quick_heartbeats")
async def test_a_programs_socket_is_closed_when_what_it_may_do_changes_and_not_when_a_name_does(
    web: Served, db: Database, cast: Cast, change: Change | None, code: int | None
) -> None:
    async with web.stream(cast.acme_key) as socket:
        assert "stream.hello" in await socket.recv()
        async with db.transaction() as transaction:
            if change is None:
                await revoke_key(transaction, cast.acme_key.rsplit("_", 1)[0], datetime.now(UTC))
            else:
                await change(transaction)
        assert await close_code(socket, 2 if code else 1) == code


@pytest.mark.usefixtures("quick_heartbeats")
async def test_signing_out_closes_the_sockets_of_this_session_alone(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as here, web.signed_in("ada") as elsewhere:
        query = "?view=sims&topics=fleet"
        async with web.page_socket(here, query) as closing, web.page_socket(elsewhere, query) as staying:
            await closing.recv(), await staying.recv()
            assert (await here.post("/sign-out")).status_code == 303
            assert await close_code(closing, 2) == 4401
            assert await close_code(staying, 0.5) is None


async def test_nobodys_socket_is_closed_with_a_code_that_leads_to_the_sign_in(web: Served, cast: Cast) -> None:
    async with web.stranger() as stranger, web.page_socket(stranger, "?view=sims&topics=fleet") as socket:
        assert await close_code(socket, 5) == 4401


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?topics=fleet&since=epoch:%C2%B2", None),
        ("?since=epoch:%D9%A1", None),
        ("?since=%FF:1", None),
        ("?since=epoch:-1", None),
        ("?coalesce=1", None),
        ("?coalesce=yes", 1008),
        ("?topic=fleet", 1008),
        ("?topics=fleet&topics=alerts", 1008),
        ("?since=epoch:2&since=epoch:1", 1008),
        (f"?topics=sim:{ADAS_SIM}0", 1008),
        ("?since=%00:1", 4400),
    ],
)
async def test_a_programs_socket_is_opened_or_refused_by_what_it_asks_for(
    web: Served, cast: Cast, query: str, code: int | None
) -> None:
    async with web.stream(cast.acme_key, query) as stream:
        assert await close_code(stream, 0.3 if code is None else 5) == code


async def test_a_session_opens_no_programs_socket_and_a_key_no_browsers(web: Served, cast: Cast) -> None:
    address = web.address.replace("http", "ws", 1)
    async with web.signed_in("ada") as ada:
        cookie = "; ".join(f"{name}={value}" for name, value in ada.cookies.items())
    for path, headers in (("/api/v1/stream", {"Cookie": cookie}), ("/live?view=sims", {"X-API-Key": cast.acme_key})):
        origin = websockets.Origin(web.address)
        async with websockets.connect(address + path, additional_headers=headers, origin=origin, proxy=None) as socket:
            assert await close_code(socket, 5) == 4401


async def test_a_browsers_socket_that_names_no_origin_is_refused_before_the_upgrade(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        cookie = "; ".join(f"{name}={value}" for name, value in ada.cookies.items())
    address = web.address.replace("http", "ws", 1) + "/live?view=sims"
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(address, additional_headers={"Cookie": cookie}, proxy=None)
    assert refused.value.response.status_code == 403


async def test_a_refused_upgrade_is_no_error(web: Served, caplog: pytest.LogCaptureFixture) -> None:
    errors = logging.getLogger("uvicorn.error")
    errors.addHandler(caplog.handler)
    try:
        for path in ("/live?view=sims", "/sims", "/nowhere"):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(web.address.replace("http", "ws", 1) + path, proxy=None)
            assert refused.value.response.status_code == 403
        await asyncio.sleep(0.2)  # the server goes on after its answer
    finally:
        errors.removeHandler(caplog.handler)
    assert [line.getMessage() for line in caplog.records if line.levelno >= logging.ERROR] == []


@websocket("/ws", opt={"access": Access.API, "permission": Permission.SIMS_ACT})
async def acting(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.send_text("open")
    await socket.close()


async def by_header(connection: Connection) -> Caller | None:
    role = connection.headers.get("x-role", "")
    if role == "busy":
        raise TooMany("Slower", retry_after=1)
    if role == "away":
        raise ConnectionRefusedError("the database is away")
    if not role:
        return None
    return Caller(organization_id=1, organization="Acme", name="ada", permissions=PERMISSIONS[Role(role)], key_id=1)


@pytest.mark.parametrize(
    ("role", "code"), [("operator", 1000), ("viewer", 4403), ("", 4401), ("busy", 4429), ("away", 4503)]
)
def test_the_guard_of_a_socket_sees_the_caller_and_decides_by_the_same_options(role: str, code: int) -> None:
    app = Litestar(
        [acting],
        middleware=[Authentication(lambda: {Access.API: by_header})],
        guards=[allowed(lambda connection: False, unnoticed)],
        openapi_config=None,
    )
    with TestClient(app) as client, client.websocket_connect("/ws", headers={"X-Role": role}) as socket:
        if code == 1000:
            assert socket.receive_text() == "open"
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == code


@pytest.mark.usefixtures("quick_heartbeats")
async def test_an_open_socket_extends_no_session(web: Served, db: Database, cast: Cast) -> None:
    async with web.signed_in("ada") as ada, web.page_socket(ada, "?view=sims&topics=fleet") as socket:
        await socket.recv()
        before = await let_pass(db, timedelta(hours=1))
        heartbeats = 0
        async with asyncio.timeout(10):
            while heartbeats < 3:
                heartbeats += "stream.heartbeat" in await socket.recv()
        assert await last_deed(db) == before


WAITS = """
    SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
    WHERE relation = 'api_keys'::regclass AND NOT granted AND datname = current_database()"""


async def test_a_handshake_under_way_as_the_server_stops_is_to_be_tried_again(
    settings: Settings, db: Database, cast: Cast
) -> None:
    async with asyncio.timeout(20), db.engine.connect() as locking, AsyncExitStack() as serves:
        web = await serves.enter_async_context(serving(settings))
        await locking.exec_driver_sql("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE")
        asked = asyncio.ensure_future(web.stream(cast.acme_key))
        while not (await locking.exec_driver_sql(WAITS)).first():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        stopped = asyncio.create_task(serves.aclose())
        with pytest.raises(websockets.InvalidStatus) as refused:
            await asked
        await locking.rollback()
        await stopped
    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (503, "1")
