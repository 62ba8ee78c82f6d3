"""A heartbeat is posted outside while alerts are judged, to public addresses alone, and not once nobody judges."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.alerts.judging.judge import judge
from console.api_keys.writes import put_key
from console.organizations.rules import Permission
from console.organizations.sealing import unseal
from console.reports.heartbeats import OutgoingHeartbeat, heartbeat_due, heartbeat_of
from console.reports.writes import reseal_heartbeats
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext
from jobs.send_heartbeat import send_heartbeat
from tests.cast import Cast
from tests.notifications.conftest import Sending
from tests.serving import serving

pytestmark = pytest.mark.one_edition


async def after_a_minute(sending: Sending) -> OutgoingHeartbeat:
    """How it stands after the job has run, as if its minute had come."""
    async with sending.db.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE outgoing_heartbeats SET tried_at = tried_at - interval '1 minute'"))
    worker = WorkerContext(
        settings=sending.settings, db=sending.db, once_clients=OnceClients(sending.settings, sending.db)
    )
    await send_heartbeat({"worker": worker}, organization_id=sending.id)
    async with sending.db.reading() as reading:
        return await heartbeat_of(reading, sending.id)


async def test_it_is_posted_while_alerts_are_judged_and_what_becomes_of_it_is_shown(
    sending: Sending, cast: Cast
) -> None:
    async with sending.db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "program", [Permission.ALERTS_WRITE], datetime.now(UTC))
    async with serving(sending.settings) as web, web.signed_in("ada") as ada, web.program(key) as program:
        for wrong in ("http://hc.example.com/1", "https://10.0.0.1/1", "https://user@hc.example.com/1"):
            refused = await ada.post("/outgoing-heartbeat", data={"url": wrong})
            assert (refused.status_code, "The address of a webhook" in refused.text) == (422, True)
        url = sending.receiver.webhook_url
        assert (await ada.post("/outgoing-heartbeat", data={"url": url})).status_code == 303
        assert (await after_a_minute(sending)).tried_at is None, "nobody has judged"
        assert "not posted yet" in (await ada.get("/notification-channels")).text
        async with sending.db.transaction() as transaction:
            await judge(transaction, sending.id, datetime.now(UTC))
        found = await after_a_minute(sending)
        assert (len(sending.receiver.posts), found.message) == (1, None)
        assert found.taken_at == found.tried_at is not None
        async with sending.db.reading() as reading:
            now = datetime.now(UTC)
            assert not await heartbeat_due(reading, sending.id, now), "one a minute"
            assert await heartbeat_due(reading, sending.id, now + timedelta(minutes=1))
            assert not await heartbeat_due(reading, sending.id, now + timedelta(minutes=4)), "nobody judges any more"
        sending.receiver.answers.append((503, ""))
        failed = await after_a_minute(sending)
        assert failed.message is not None
        assert failed.taken_at == found.taken_at
        shown = (await ada.get("/notification-channels")).text
        assert "not taken" in shown
        assert "last taken" in shown
        assert url.rpartition("/")[2] not in shown.replace("/notification", ""), "the rest of the address is secret"
        seen = (await program.get("/outgoing-heartbeat")).json()
        assert (seen["set_by"], seen["message"]) == ("ada", failed.message)
        assert (await ada.post("/outgoing-heartbeat", data={"url": ""})).status_code == 303
        assert (await after_a_minute(sending)).url_shown is None
    assert len(sending.receiver.posts) == 2


async def test_a_private_address_behind_a_name_gets_nothing(sending: Sending) -> None:
    async with serving(sending.settings) as web, web.signed_in("ada") as ada:
        await ada.post("/outgoing-heartbeat", data={"url": sending.receiver.webhook_url})
    async with sending.db.transaction() as transaction:
        await judge(transaction, sending.id, datetime.now(UTC))
    sending.settings = structs.replace(sending.settings, webhook_loopback=False)
    found = await after_a_minute(sending)
    assert found.message is not None
    assert "no public address" in found.message
    assert sending.receiver.posts == []


async def test_its_address_is_sealed_anew_with_the_newest_key(sending: Sending) -> None:
    async with serving(sending.settings) as web, web.signed_in("ada") as ada:
        await ada.post("/outgoing-heartbeat", data={"url": sending.receiver.webhook_url})
    newest = "n" * 44
    both = f"{newest},{sending.settings.secret_key}"
    async with sending.db.transaction() as transaction:
        assert await reseal_heartbeats(transaction, both, limit=9) == (1, 0)
        assert await reseal_heartbeats(transaction, both, limit=9) == (0, 0)
        sealed = (await transaction.connection.execute(sa.text("SELECT url_sealed FROM outgoing_heartbeats"))).scalar()
    assert unseal(newest, sealed) == sending.receiver.webhook_url
