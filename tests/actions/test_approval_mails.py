"""Who may decide is mailed that an approval waits, and whoever asked how it was decided. The link decides nothing."""

import re
from datetime import UTC, datetime
from email.header import decode_header, make_header
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.members.writes import put_user
from console.organizations.rules import Role
from console.settings import Settings
from console.store.database import Database
from console.users.writes import set_mail_address
from jobs.mail_approval import mail_approval
from tests.actions.test_pages import ASK
from tests.cast import PASSWORD, Cast
from tests.notifications.receiving import receiving
from tests.serving import Served
from tests.users.test_forgotten import worker

pytestmark = pytest.mark.one_edition
RESET = {"kind": "reset", "after": "0", "seen": '{"status":"enabled","connection":"online"}'}
REASON = {"reason": "Ticket 7: it hangs"}
ORIGIN = "https://console.example.com"


async def asked_for(db: Database) -> list[dict[str, Any]]:
    """The arguments of the requests that wait; they are taken."""
    async with db.transaction() as transaction:
        query = sa.text("DELETE FROM job_requests WHERE job = 'mail_approval' RETURNING arguments")
        return list((await transaction.connection.execute(query)).scalars())


async def with_addresses(db: Database, cast: Cast) -> None:
    """Of all but emma, who may decide too; eve is of another organization."""
    async with db.transaction() as transaction:
        await put_user(transaction, cast.acme, "emma", Role.ENGINEER, PASSWORD, datetime.now(UTC))
        query = sa.text("SELECT id, name FROM users WHERE name <> 'emma'")
        for user_id, name in (await transaction.connection.execute(query)).all():
            await set_mail_address(transaction, user_id, f"{name}@example.com")


async def test_who_may_decide_is_mailed_and_then_whoever_asked(
    web: Served, cast: Cast, db: Database, settings: Settings
) -> None:
    await with_addresses(db, cast)
    async with web.signed_in("otto") as otto, web.signed_in("ada") as ada, receiving() as receiver:
        async with db.reading() as reading:
            eve_id = (await reading.execute(sa.text("SELECT id FROM users WHERE name = 'eve'"))).scalar_one()
        known: dict[str, Any] = {"mail_from": "console@acme.example", "public_origin": (ORIGIN,)}
        sends = structs.replace(settings, smtp_url=receiver.smtp_url, **known)

        async def mailed(asked: list[dict[str, Any]], which: Settings = sends) -> list[tuple[str, str, str]]:
            del receiver.mails[:]
            for one in asked:
                await mail_approval(worker(db, which), organization_id=cast.acme, arguments=one)
            texts = [one.get_payload(decode=True) for one in receiver.mails]
            heads = [(one["To"], str(make_header(decode_header(one["Subject"])))) for one in receiver.mails]
            return [
                (*head, text.decode().replace("\r\n", "\n"))
                for head, text in zip(heads, texts, strict=True)
                if isinstance(text, bytes)
            ]

        assert (await ada.post("/approval-rules", data={"above_sims": "0"})).status_code == 303
        assert (await otto.post(ASK, data=RESET | REASON)).status_code == 303
        asked = await asked_for(db)
        assert await mailed(asked, settings) == [], "without a mail server nobody is mailed, and nothing fails"
        ((to, subject, text),) = await mailed(asked)
        assert (to, subject) == ("ada@example.com", "An approval waits: Connectivity reset, 1 SIM (Acme)")
        (path,) = re.findall(rf"^{ORIGIN}(/approvals/\d+)$", text, re.MULTILINE)
        assert "Asked for by otto: Ticket 7: it hangs" in text

        assert ">Approve<" in (await ada.get(path)).text, "opening it has decided nothing"
        assert (await ada.get(f"{path}/approve")).status_code in (404, 405)
        async with web.stranger() as stranger:
            signs_in = await stranger.get(path)
            assert (signs_in.status_code, path in signs_in.headers["location"]) == (303, True)
        assert (
            await ada.post(f"{path}/reject", data={"reason": "Not in the day: +882285109995678"})
        ).status_code == 303
        decided = await asked_for(db)
        ((to, subject, text),) = await mailed(decided)
        assert (to, subject) == ("otto@example.com", "It is rejected: Connectivity reset, 1 SIM (Acme)")
        assert "rejected by ada: Not in the day: +882285109995678" in text
        async with db.engine.begin() as connection:
            await connection.execute(sa.text("UPDATE members SET role = 'viewer' WHERE role = 'operator'"))
        ((_, _, text),) = await mailed(decided)
        assert "rejected by ada: Not in the day: +…5678" in text, "who may not read numbers any more"
        assert await mailed([one | {"user_id": eve_id} for one in asked]) == [], "nobody of another organization"
