"""Who has forgotten their password gets a link by mail; nobody learns from the answer who there is."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.errors import NotReady
from console.http.sign_in_throttle import OF_FORGOTTEN
from console.members.forgotten import MOST_MAILED
from console.members.tables import one_time_links
from console.organizations.rules import PROOF_LASTS
from console.sessions.tables import sessions
from console.settings import Settings
from console.store.database import Database
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext
from jobs.send_reset_link import send_reset_link
from tests.cast import PASSWORD, Cast
from tests.notifications.receiving import receiving
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NEW = "several words that do not belong"


async def asked_for(db: Database) -> list[dict[str, Any]]:
    """The arguments of the requests that wait; they are taken."""
    async with db.transaction() as transaction:
        query = sa.text("DELETE FROM job_requests WHERE job = 'send_reset_link' RETURNING arguments")
        return list((await transaction.connection.execute(query)).scalars())


def worker(db: Database, settings: Settings) -> dict[str, Any]:
    return {"worker": WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db))}


async def test_a_link_is_mailed_to_whom_has_said_where_and_works_once(
    web: Served, db: Database, cast: Cast, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    async with web.signed_in("otto") as otto, web.stranger() as stranger, receiving() as receiver:
        sends = structs.replace(settings, smtp_url=receiver.smtp_url, mail_from="console@acme.example")
        assert "Forgotten your password?" in (await stranger.get("/sign-in")).text
        for wrong in (
            "otto",
            "otto@x",
            "a b@example.com",
            "otto@example.com\nBcc: eve@example.com",
            "x" * 250 + "@a.de",
        ):
            assert (await otto.post("/settings/mail-address", data={"mail_address": wrong})).status_code == 422, wrong
        given = {"mail_address": " otto@example.com "}
        async with db.transaction() as transaction:
            older = sessions.c.proved_at - PROOF_LASTS
            await transaction.connection.execute(sa.update(sessions).values(proved_at=older))
        assert (await otto.post("/settings/mail-address", data=given)).status_code == 307, "the proof first"
        await otto.post("/prove/confirm?to=/settings/mail-address", data={"proof_password": PASSWORD, **given})
        assert (await otto.post("/settings/mail-address", data=given)).status_code == 303
        assert 'value="otto@example.com"' in (await otto.get("/settings")).text

        # The same answer and the same request for each name; only otto's brings a mail.
        answers = {(await stranger.post("/sign-in/forgotten", data={"name": n})).text for n in ("otto", "vera", "x\0")}
        assert len(answers) == 1
        asked = await asked_for(db)
        assert len(asked) == 3
        for one in asked:
            await send_reset_link(worker(db, sends), arguments=one)
        (mail,) = receiver.mails
        text = str(mail.get_payload())
        assert (mail["To"], mail["Auto-Submitted"]) == ("otto@example.com", "auto-generated")
        (path,) = re.findall(r"/join/[\w-]{43}", text)
        assert PASSWORD not in text
        assert (await otto.get("/sims")).status_code == 200, "nothing has happened yet"
        assert (await stranger.post(path, data={"password": "short"})).status_code == 422
        assert (await stranger.post(path, data={"password": NEW})).headers["location"] == "/sign-in"
        assert (await stranger.post(path, data={"password": NEW})).status_code == 404
        assert (await otto.get("/sims")).status_code == 303
        assert (await stranger.post("/sign-in", data={"name": "otto", "password": NEW})).status_code == 303

        # Without a mail server it is printed in development; one that refuses fails the job, to be tried again.
        (number,) = {one["user_id"] for one in asked if one["user_id"]} - {cast.ada.user_id} - await without_mail(db)
        await send_reset_link(worker(db, settings), arguments={"user_id": number})
        assert re.search(r"A new password for otto: /join/[\w-]{43}", capfd.readouterr().err)
        receiver.mail_answers.append("451 later")
        with pytest.raises(NotReady, match="was not taken"):
            await send_reset_link(worker(db, sends), arguments={"user_id": number})

        # A mailbox is not filled, and a link ends after an hour.
        for _ in range(MOST_MAILED + 3):
            await send_reset_link(worker(db, sends), arguments={"user_id": number})
        assert len(receiver.mails) == 1 + 1 + MOST_MAILED - 2
        (path,) = re.findall(r"/join/[\w-]{43}", str(receiver.mails[-1].get_payload()))
        over = sa.update(one_time_links).values(expires_at=one_time_links.c.expires_at - timedelta(hours=1))
        async with db.transaction() as transaction:
            await transaction.connection.execute(over)
        assert (await stranger.get(path)).status_code == 404
    async with db.reading() as reading:
        query = sa.text("SELECT actor, subject, outcome FROM audit_lines WHERE action = 'link.mail'")
        lines = {tuple(row) for row in (await reading.execute(query)).all()}
    assert lines == {("send_reset_link", "otto", "done")}


async def without_mail(db: Database) -> set[int]:
    async with db.reading() as reading:
        query = sa.text("SELECT id FROM users WHERE mail_address IS NULL")
        return set((await reading.execute(query)).scalars())


async def test_it_is_asked_for_so_often_from_one_network_and_by_others_all_the_same(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.stranger() as stranger:
        statuses = [
            (await stranger.post("/sign-in/forgotten", data={"name": "ada"})).status_code
            for _ in range(OF_FORGOTTEN + 2)
        ]
        assert statuses == [200] * OF_FORGOTTEN + [429] * 2
        elsewhere = {"X-Forwarded-For": "198.51.100.7"}
        answer = await stranger.post("/sign-in/forgotten", data={"name": "ada"}, headers=elsewhere)
        assert answer.status_code == 200
