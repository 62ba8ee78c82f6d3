"""Members: what changes of them ends, what is refused, and that a link works once."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from console.acting import Actor, ActorKind
from console.api_keys.reads import Maker
from console.errors import Conflict, NotFound
from console.live import heartbeats
from console.members import links_writes, reads, writes
from console.members.one_time_links import INVITED_FOR, open_links
from console.organizations.rules import Role
from console.store.database import Database
from console.users.tables import users
from tests.cast import EVES_SIM, PASSWORD, Cast
from tests.serving import Served, close_code

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SHELL = Actor(kind=ActorKind.CLI, name="root")


async def number_of(db: Database, name: str) -> int:
    async with db.reading() as reading:
        return int((await reading.execute(sa.select(users.c.id).where(users.c.name == name))).scalar_one())


def link_in(answer: httpx.Response) -> str:
    found = re.search(r"/join/[\w-]{43}", answer.text)
    assert found, answer.text
    return found[0]


async def test_whoever_has_an_invitation_joins_once(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada, web.stranger() as invited, web.stranger() as late:
        made = await ada.post("/users/invitations", data={"role": "engineer", "note": "for Enid"})
        assert made.headers["cache-control"] == "no-store"
        link = link_in(made)
        assert link not in (await ada.get("/users")).text, "it is shown once"
        for _ in range(2):
            assert "engineer" in (await invited.get(link)).text, "looking at it does not use it up"
        poor = await invited.post(link, data={"name": "enid", "password": "short"})
        assert poor.status_code == 422
        taken = await invited.post(link, data={"name": "eve", "password": "another horse battery"})
        assert taken.status_code == 422
        joined = await invited.post(link, data={"name": "enid", "password": "another horse battery"})
        assert (joined.status_code, joined.headers["location"]) == (303, "/")
        assert (await invited.get("/jobs")).status_code == 200
        assert (await invited.get("/users")).status_code == 403
        assert (await late.get(link)).status_code == 404
        assert (await late.post(link, data={"name": "x", "password": "another horse battery"})).status_code == 404


async def test_two_who_use_a_link_at_once_are_not_both_let_in(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada, web.stranger() as browser:
        link = link_in(await ada.post("/users/invitations", data={"role": "viewer"}))
        answers = await asyncio.gather(
            *(browser.post(link, data={"name": f"n{n}", "password": "another horse battery"}) for n in range(4))
        )
    assert sorted(answer.status_code for answer in answers) == [303, 404, 404, 404]


async def test_a_member_elsewhere_joins_with_one_click_and_enters_either_with_a_new_cookie(
    web: Served, cast: Cast
) -> None:
    async with web.signed_in("ada") as ada, web.signed_in("eve") as eve:
        link = link_in(await ada.post("/users/invitations", data={"role": "viewer"}))
        before = eve.cookies["session"]
        assert "Join as" in (await eve.get(link)).text
        assert (await eve.post(link)).status_code == 303
        joined = eve.cookies["session"]
        assert joined != before
        assert (await eve.get(f"/sims/{EVES_SIM}")).status_code == 404, "she is in Acme now"
        assert (await eve.get("/users")).status_code == 403, "and no administrator there"
        back = await eve.post("/organizations/current", data={"organization_id": cast.evil})
        assert back.status_code == 303
        assert eve.cookies["session"] not in (before, joined)
        assert (await eve.get(f"/sims/{EVES_SIM}")).status_code == 200
        assert (await eve.get("/users")).status_code == 200
        assert (await ada.post("/organizations/current", data={"organization_id": cast.evil})).status_code == 404
        for old in (before, joined):
            async with web.stranger() as thief:
                thief.cookies.set("session", old)
                assert (await thief.get("/sims")).status_code == 303


async def test_an_administrator_of_one_organization_resets_no_password_that_opens_another(
    web: Served, db: Database, cast: Cast
) -> None:
    eve = await number_of(db, "eve")
    async with db.transaction() as transaction:
        await writes.add_member(transaction, cast.acme, eve, Role.VIEWER, NOW)
        with pytest.raises(Conflict):
            await links_writes.make_reset_link(transaction, cast.acme, eve, Maker(name="ada"), NOW)
        with pytest.raises(Conflict):
            await writes.add_member(transaction, cast.acme, eve, Role.ADMIN, NOW)
        with pytest.raises(NotFound):
            await links_writes.make_reset_link(
                transaction, cast.evil, await number_of(db, "otto"), Maker(name="eve"), NOW
            )


async def test_a_link_for_a_new_password_ends_all_sessions(web: Served, db: Database, cast: Cast) -> None:
    otto_id = await number_of(db, "otto")
    async with web.signed_in("ada") as ada, web.signed_in("otto") as otto, web.stranger() as browser:
        link = link_in(await ada.post(f"/users/{otto_id}/reset"))
        set_anew = await browser.post(link, data={"password": "another horse battery"})
        assert (set_anew.status_code, set_anew.headers["location"]) == (303, "/sign-in")
        assert (await otto.get("/sims")).status_code == 303
        for password, status in ((PASSWORD, 401), ("another horse battery", 303)):
            answer = await browser.post("/sign-in", data={"name": "otto", "password": password})
            assert answer.status_code == status


async def test_a_link_for_a_new_password_ends_when_one_is_set_and_when_its_user_joins_another_organization(
    web: Served, db: Database, cast: Cast
) -> None:
    otto_id, other = await number_of(db, "otto"), {"password": "another horse battery"}
    async with web.signed_in("ada") as ada, web.stranger() as browser:
        first, second = [link_in(await ada.post(f"/users/{otto_id}/reset")) for _ in range(2)]
        assert (await browser.post(first, data=other)).status_code == 303
        assert (await browser.post(second, data={"password": "a third horse battery"})).status_code == 404
        third = link_in(await ada.post(f"/users/{otto_id}/reset"))
        form = {"present": other["password"], "password": "a fourth horse battery"}
        async with web.stranger() as otto:
            await otto.post("/sign-in", data={"name": "otto", **other})
            assert (await otto.post("/settings/password", data=form)).status_code == 303
        assert (await browser.get(third)).status_code == 404
        fourth = link_in(await ada.post(f"/users/{otto_id}/reset"))
        async with db.transaction() as transaction:
            await writes.add_member(transaction, cast.evil, otto_id, Role.ENGINEER, NOW)
        assert (await browser.post(fourth, data=other)).status_code == 404


@pytest.fixture
def quick_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.1)


@pytest.mark.usefixtures("quick_heartbeats")
async def test_what_is_decided_about_a_member_ends_their_sessions_and_sockets(
    web: Served, db: Database, cast: Cast
) -> None:
    otto_id, credentials = await number_of(db, "otto"), {"name": "otto", "password": PASSWORD}
    async with web.signed_in("ada") as ada, web.signed_in("otto") as otto:
        for path, data, then in (
            ("role", {"role": "viewer"}, 303),
            ("sign-out", {}, 303),
            ("disable", {}, 403),
            ("remove", {}, 403),
        ):
            async with web.page_socket(otto, "?view=sims&topics=fleet") as socket:
                await socket.recv()
                assert (await ada.post(f"/users/{otto_id}/{path}", data=data)).status_code == 303
                assert await close_code(socket) == 4401
            assert (await otto.get("/sims")).status_code == 303
            assert (await otto.post("/sign-in", data=credentials)).status_code == then
            if path == "disable":
                assert (await ada.post(f"/users/{otto_id}/enable")).status_code == 303
                assert (await otto.post("/sign-in", data=credentials)).status_code == 303


async def test_an_organization_keeps_an_administrator(web: Served, db: Database, cast: Cast) -> None:
    ada_id, otto_id = await number_of(db, "ada"), await number_of(db, "otto")
    async with web.signed_in("ada") as ada:
        for path, data in (("role", {"role": "viewer"}), ("disable", {}), ("remove", {})):
            assert (await ada.post(f"/users/{ada_id}/{path}", data=data)).status_code == 409
        assert (await ada.get("/users")).status_code == 200
    async with db.transaction() as transaction:
        await writes.change_role(transaction, SHELL, cast.acme, otto_id, Role.ADMIN, NOW)

    async def leave(user_id: int) -> bool:
        try:
            async with db.transaction() as transaction:
                await writes.remove_member(transaction, SHELL, cast.acme, user_id, NOW)
        except Conflict:
            return False
        return True

    assert sorted(await asyncio.gather(leave(ada_id), leave(otto_id))) == [False, True], "also two at once"


async def test_a_link_that_is_old_or_withdrawn_opens_nothing(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        old = await links_writes.invite(transaction, cast.acme, Role.VIEWER, "", Maker(name="ada"), NOW - INVITED_FOR)
        withdrawn = await links_writes.invite(transaction, cast.acme, Role.VIEWER, "", Maker(name="ada"), NOW)
        (number,) = [one.id for one in await open_links(transaction.connection, cast.acme, NOW)]
        with pytest.raises(NotFound):
            await links_writes.withdraw_link(transaction, cast.evil, number)
        was = await links_writes.withdraw_link(transaction, cast.acme, number)
        assert was == {"role": "viewer", "user_id": None, "created_by": "ada"}
        for token in (old, withdrawn, "x"):
            with pytest.raises(NotFound):
                await links_writes.use_link(transaction, token, NOW + timedelta(seconds=1))
        assert [one.name for one in await reads.members_of(transaction.connection, cast.evil, NOW)] == ["eve"]
