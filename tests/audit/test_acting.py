"""Every command leaves one line: who, what, from where, before and after, and how it ended."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import structs
from websockets.exceptions import ConnectionClosed

from console.acting import Actor, ActorKind, acting
from console.api_keys.rules import new_key, prefix_of
from console.api_keys.writes import put_key, revoke_key
from console.audit.actions import KINDS
from console.audit.rules import LONGEST
from console.audit.tables import lines
from console.errors import Conflict, NotAllowed
from console.organizations.rules import PERMISSIONS, Caller, Permission, Role
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, PASSWORD, Cast
from tests.serving import Served, close_code

pytestmark = pytest.mark.one_edition


async def written(db: Database) -> Sequence[sa.Row[Any]]:
    """Every line, in the order of writing."""
    async with db.reading() as reading:
        return (await reading.execute(sa.select(lines).order_by(lines.c.id))).all()


async def test_a_command_writes_its_line_with_the_change(db: Database, cast: Cast) -> None:
    ada = structs.replace(cast.ada, permissions=frozenset(Permission))
    async with db.transaction() as transaction, acting(transaction, ada, "sim.edit", ADAS_SIM) as act:
        act.before, act.after = {"note": None}, {"note": "roof"}
    (line,) = await written(db)
    assert (line.organization_id, line.actor_kind, line.actor_id) == (cast.acme, "key", cast.ada.key_id)
    assert (line.action, line.subject, line.outcome, line.reason) == ("sim.edit", ADAS_SIM, "done", None)
    assert (line.before, line.after) == ({"note": None}, {"note": "roof"})


async def test_without_the_permission_nothing_is_done_and_the_attempt_is_kept(db: Database, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        async with db.transaction() as transaction, acting(transaction, cast.ada, "sim.edit", ADAS_SIM):
            pytest.fail("a viewer's key may not edit")
    (line,) = await written(db)
    assert (line.outcome, line.after) == ("refused", None)
    assert line.reason.startswith("NOT_ALLOWED: ")


async def test_what_ends_in_an_error_leaves_no_change_but_a_line(db: Database, cast: Cast) -> None:
    ada = structs.replace(cast.ada, permissions=frozenset(Permission))
    changes = AnnotationChanges(note="roof")
    for error in (Conflict("It is elsewhere"), ZeroDivisionError("+49 170 1234567")):
        with pytest.raises(type(error)):
            async with db.transaction() as transaction, acting(transaction, ada, "sim.edit", ADAS_SIM):
                await annotate(transaction, cast.acme, ADAS_SIM, changes, "ada", datetime.now(UTC))
                raise error
    refused, failed = await written(db)
    assert (refused.outcome, refused.reason) == ("refused", "CONFLICT: It is elsewhere")
    assert (failed.outcome, failed.reason) == ("failed", "ZeroDivisionError")
    async with db.reading() as reading:
        assert (await reading.execute(sa.text("SELECT count(*) FROM sim_annotations"))).scalar_one() == 0


async def test_a_refusal_that_the_page_answers_is_kept_once(db: Database, cast: Cast) -> None:
    """The transaction goes on after it, as where a form is drawn anew."""
    async with db.transaction() as transaction:
        with pytest.raises(NotAllowed):
            async with acting(transaction, cast.ada, "sim.edit", ADAS_SIM):
                pytest.fail("a viewer's key may not edit")
    assert [line.outcome for line in await written(db)] == ["refused"]


async def test_no_secret_gets_into_a_line(db: Database) -> None:
    shell = Actor(kind=ActorKind.CLI, name="root")
    async with db.transaction() as transaction, acting(transaction, shell, "organization.change", "x" * 9_999) as act:
        act.after = {"once_client_secret": "s3cr3t", "name": "Acme", "account": {"streamer_password": "pa55"}}
    (line,) = await written(db)
    assert line.after == {"once_client_secret": "***", "name": "Acme", "account": {"streamer_password": "***"}}
    assert len(line.subject) == LONGEST


@pytest.mark.parametrize("role", Role)
async def test_the_permission_of_each_action_decides(db: Database, role: Role) -> None:
    caller = Caller(organization_id=1, organization="Acme", name="ada", permissions=PERMISSIONS[role], user_id=1)
    for kind in KINDS:
        allowed = kind.permission is None or kind.permission in PERMISSIONS[role]
        try:
            async with db.transaction() as transaction, acting(transaction, caller, kind.name):
                assert allowed, kind.name
        except NotAllowed:
            assert not allowed, kind.name


async def test_a_stranger_may_do_nothing_that_needs_a_permission(db: Database) -> None:
    stranger = Actor(kind=ActorKind.STRANGER, name="unknown")
    with pytest.raises(NotAllowed):
        async with db.transaction() as transaction, acting(transaction, stranger, "sim.edit", ADAS_SIM):
            pytest.fail("nobody knows who that is")


async def test_pages_and_programs_leave_lines_with_request_and_address(web: Served, db: Database) -> None:
    async with web.signed_in_by_password("otto") as otto:
        head = {"X-Request-ID": "req_of_the_test", "Hx-Request": "true"}
        form = {"tags": "Roof, EAST", "note": "north", "custom_fields": "site = Berlin", "edits": "0"}
        assert (await otto.post(f"/sims/{ADAS_SIM}/annotations", data=form, headers=head)).status_code == 200
        assert (await otto.post(f"/sims/{ADAS_SIM}/annotations", data=form, headers=head)).status_code == 412
        assert (await otto.post(f"/sims/{ADAS_OTHER_SIM}/unwatch", headers=head)).status_code == 303
        assert (await otto.post(f"/sims/{EVES_SIM}/unwatch", headers=head)).status_code == 404
        assert (await otto.post("/sign-out")).status_code == 303
    found = await written(db)
    assert [(line.action, line.subject, line.outcome) for line in found] == [
        ("session.begin", "otto", "done"),
        ("sim.edit", ADAS_SIM, "done"),
        ("sim.edit", ADAS_SIM, "refused"),
        ("sim.unwatch", ADAS_OTHER_SIM, "done"),
        ("sim.unwatch", EVES_SIM, "refused"),
        ("session.end", "otto", "done"),
    ]
    assert found[1].before == {"tags": [], "note": None, "custom_fields": {}}
    assert found[1].after == {"tags": ["east", "roof"], "note": "north", "custom_fields": {"site": "Berlin"}}
    assert {line.request_id for line in found[1:5]} == {"req_of_the_test"}
    assert {(line.address, line.actor, line.actor_kind) for line in found} == {("127.0.0.1", "otto", "user")}


async def test_failed_sign_ins_are_kept_without_what_was_typed(web: Served, db: Database, cast: Cast) -> None:
    async with web.stranger() as stranger:
        for name in ("vera", PASSWORD):  # a password typed in the wrong field is no rarity
            answer = await stranger.post("/sign-in", data={"name": name, "password": "wrong"})
            assert answer.status_code == 401
    known, unknown = await written(db)
    assert (known.organization_id, known.subject, known.outcome) == (cast.acme, "vera", "refused")
    assert (unknown.organization_id, unknown.subject, unknown.actor_kind) == (0, None, "stranger")
    assert PASSWORD not in str([*known, *unknown])


async def test_what_a_guard_refuses_is_kept_once_a_minute(web: Served, db: Database, cast: Cast) -> None:
    async with web.program(cast.acme_key) as program:
        for _ in range(3):
            head = {"X-On-Behalf-Of": "bob@acme"}
            assert (await program.post(f"/sims/{ADAS_SIM}/sync", headers=head)).status_code == 403
    (line,) = await written(db)
    assert (line.action, line.subject, line.outcome) == (
        "request.send",
        f"POST /api/v1/sims/{ADAS_SIM}/sync",
        "refused",
    )
    assert (line.actor, line.on_behalf_of) == ("ada's program", "bob@acme")


async def test_whoever_asks_for_more_than_they_may_give_leaves_a_line(web: Served, db: Database, cast: Cast) -> None:
    """However the request is refused: by what a command checks first, or by what its route does before."""
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        admins, reads = [
            await put_key(transaction, cast.acme, "a program", [scope], now)
            for scope in (Permission.ADMIN, Permission.SIMS_READ)
        ]
    async with web.program(admins) as program:
        for path, body in (
            ("/users/invitations", {"role": "admin"}),
            ("/api-keys", {"name": "more", "scopes": ["sims:act"]}),
            ("/group-roles", {"name": "all", "role": "admin"}),
        ):
            assert (await program.post(path, json=body)).status_code == 403
        assert (await program.patch(f"/organizations/{cast.evil}", json={"name": "mine"})).status_code == 404
    async with web.program(reads) as program:
        for _ in range(2):
            answer = await program.post("/saved-views", json={"name": "all", "query": "", "shared": True})
            assert answer.status_code == 403
    assert [(line.action, line.subject, line.outcome) for line in await written(db)] == [
        ("user.invite", "admin", "refused"),
        ("key.add", "more", "refused"),
        ("group.map", "all", "refused"),
        ("organization.change", str(cast.evil), "refused"),
        ("view.save", None, "refused"),
        ("view.save", None, "refused"),
    ]


async def test_who_knows_their_password_and_may_not_enter_leaves_a_line(web: Served, db: Database, cast: Cast) -> None:
    async with web.stranger() as stranger:
        body = {"username": "vera", "password": PASSWORD, "organization_id": cast.evil}
        assert (await stranger.post("/api/v1/auth/login", json=body)).status_code == 403
    (line,) = await written(db)
    assert (line.organization_id, line.action, line.subject, line.outcome) == (
        cast.acme,
        "session.begin",
        "vera",
        "refused",
    )


async def test_a_key_that_has_ended_leaves_a_line_where_it_is_tried(web: Served, db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        revoked, ended = [
            await put_key(transaction, cast.acme, name, [Permission.SIMS_READ], now, days=1)
            for name in ("revoked", "ended")
        ]
        await revoke_key(transaction, prefix_of(revoked), now)
    async with db.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE api_keys SET expires_at = now() WHERE name = 'ended'"))
    for key in (revoked, ended, new_key()[1]):
        async with web.program(key) as program:
            assert (await program.get("/sims")).status_code == 401
        async with web.stream(key) as socket:
            assert await close_code(socket) == 4401
    assert [
        (line.organization_id, line.actor_kind, line.actor, line.subject, line.reason) for line in await written(db)
    ] == [
        (cast.acme, "key", name, tried, f"NOT_SIGNED_IN: This API key {why}")
        for name, why in (("revoked", "was revoked"), ("ended", "is past its end"))
        for tried in ("GET /api/v1/sims", "socket /api/v1/stream")
    ]


async def test_a_subscription_is_kept_once_an_hour_for_the_same_topics(web: Served, db: Database, cast: Cast) -> None:
    for query in ("?topics=fleet", "?topics=fleet", f"?topics=sim:{ADAS_SIM}"):
        async with web.stream(cast.acme_key, query) as socket:
            await socket.recv()
    assert [(line.action, line.subject) for line in await written(db)] == [
        ("stream.subscribe", "fleet"),
        ("stream.subscribe", f"sim:{ADAS_SIM}"),
    ]


async def test_what_a_socket_asks_for_later_is_kept_too_and_what_it_is_refused(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.stream(cast.acme_key, "?topics=carrier") as socket:
        await socket.recv()
        for topics in (["fleet"], ["fleet", "carrier"], ["flags"]):
            await socket.send(json.dumps({"type": "subscribe", "topics": topics}))
        while json.loads(await socket.recv())["type"] != "stream.error":
            pass
    async with web.stream(cast.acme_key, "?topics=notifications") as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    assert [(line.action, line.subject, line.outcome, line.reason) for line in await written(db)] == [
        ("stream.subscribe", "carrier", "done", None),
        ("stream.subscribe", "fleet", "done", None),
        ("request.send", "socket /api/v1/stream", "refused", "NOT_ALLOWED: You may not listen to: flags"),
    ]


@pytest.mark.parametrize("table", ["audit_lines", "audit_seals"])
async def test_the_database_refuses_to_change_or_delete(db: Database, cast: Cast, table: str) -> None:
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.text(INSERT[table]))
    for statement in (f"UPDATE {table} SET organization_id = 9", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(sa.exc.DBAPIError, match="not changed"):
            async with db.transaction() as transaction:
                await transaction.connection.execute(sa.text(statement))
    async with db.transaction() as transaction:
        gone = await transaction.connection.execute(sa.text(f"DELETE FROM {table} WHERE organization_id = 8"))
        assert gone.rowcount == 1, "what is older than seven years may go"


INSERT = {
    "audit_lines": """
        INSERT INTO audit_lines (organization_id, at, actor_kind, actor, action, outcome)
        VALUES (7, now() - interval '6 years', 'cli', 'root', 'user.add', 'done'),
               (8, now() - interval '8 years', 'cli', 'root', 'user.add', 'done')""",
    "audit_seals": """
        INSERT INTO audit_seals (organization_id, number, line_id, key_id, canonical, hmac, sealed_at)
        VALUES (7, 1, 1, '1', '', '', now() - interval '6 years'),
               (8, 1, 2, '1', '', '', now() - interval '8 years')""",
}
