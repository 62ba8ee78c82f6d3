"""Channels on their page and by the API: made, changed, tested, rotated, removed; secrets are shown once."""

import re

import pytest
import sqlalchemy as sa

from console.api_keys.writes import put_key
from console.organizations.rules import Permission
from tests.cast import Cast
from tests.notifications.conftest import NOW, Sending
from tests.serving import Served, serving

pytestmark = pytest.mark.one_edition
HOURS = {"time_zone": "Europe/Berlin", "days": ["monday"], "begin": "08:00", "end": "18:00"}


async def test_a_program_makes_changes_tests_and_removes_a_channel(web: Served, sending: Sending, cast: Cast) -> None:
    new = {"kind": "webhook", "name": "Ops", "target": "https://hooks.example.com/T0/hidden", "tags": ["pumps"]}
    async with sending.db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "ops", [Permission.ALERTS_WRITE], NOW)
    async with web.program(key) as ada:
        for wrong in (
            {"target": "https://127.0.0.1/"},
            {"target": sending.receiver.webhook_url},
            {"hours": {**HOURS, "time_zone": "Europe/Nowhere"}},
            {"hours": {**HOURS, "time_zone": "localtime"}},
            {"hours": {**HOURS, "begin": "8"}},
            {"name": " "},
            {"kind": "mail", "target": "ada@acme.example"},  # this server has no SMTP_URL
            {"kind": "chat", "target": "json://127.0.0.1:9/alerts"},
        ):
            answer = await ada.post("/notification-channels", json=new | wrong)
            assert answer.status_code in (400, 422), wrong
        chat = {"kind": "chat", "name": "Chat", "target": "slack://T0hidden1/B0hidden/hiddenhiddenhidden"}
        made = (await ada.post("/notification-channels", json=chat)).json()
        assert (made["secret"], made["channel"]["target_shown"]) == (None, "Slack …")
        made = (await ada.post("/notification-channels", json=new)).json()
        channel = made["channel"]
        assert re.fullmatch(r"whsec_[\w+/]{43}=", made["secret"])
        assert channel["target_shown"] == "https://hooks.example.com/…"
        path = f"/notification-channels/{channel['id']}"
        changed = {"name": "Ops at night", "hours": HOURS, "least_severity": "critical"}
        assert (await ada.put(path, json=changed)).json()["hours"] == HOURS
        rotated = (await ada.post(path + "/rotate-secret")).json()
        assert rotated["secret"] != made["secret"]
        assert rotated["channel"]["previous_secret_until"]
        asked = (await ada.post(path + "/test")).json()["delivery_id"]
        delivery = (await ada.get(f"/notification-deliveries/{asked}")).json()
        assert (delivery["delivery"]["state"], delivery["attempts"]) == ("waiting", [])
        assert (await ada.post(f"/notification-deliveries/{asked}/redeliver")).status_code == 409
        listed = (await ada.get(f"/notification-deliveries?channel_id={channel['id']}&delivery_state=waiting")).json()
        assert [one["id"] for one in listed["items"]] == [asked]
        everything = (await ada.get("/notification-channels")).text
        assert made["secret"] not in everything
        assert "hidden" not in everything
        assert (await ada.delete(path)).status_code == 204
        assert (await ada.get(path)).status_code == 404
    async with sending.db.reading() as reading:
        kept = sa.text("SELECT num_nonnulls(target_sealed, secret_sealed) FROM notification_channels WHERE id = :id")
        assert (await reading.execute(kept, {"id": channel["id"]})).scalar_one() == 0
        lines = (await reading.execute(sa.text("SELECT action, after::text FROM audit_lines"))).all()
    assert {"channel.add", "channel.change", "channel.rotate_secret", "channel.test", "channel.remove"} <= {
        one.action for one in lines
    }
    assert not any("hidden" in (one.after or "") or "whsec_" in (one.after or "") for one in lines)


async def test_an_engineer_makes_tests_and_removes_a_channel_on_its_page(sending: Sending, cast: Cast) -> None:
    async with serving(sending.settings) as web, web.signed_in("ada") as ada:
        form = {"name": "Mine", "target": sending.receiver.webhook_url, "least_severity": "info"}
        refused = await ada.post("/notification-channels", data=form | {"target": "http://hooks.example.com"})
        assert refused.status_code == 422
        assert "begins with https://" in refused.text
        hours = {"time_zone": "Europe/Berlin", "days": "monday", "begin": "", "end": ""}
        assert (await ada.post("/notification-channels", data=form | hours)).status_code == 422
        made = await ada.post("/notification-channels", data=form | {"send_resolved": "yes"})
        assert made.headers["Cache-Control"] == "no-store"
        assert "whsec_" in made.text
        page = await ada.get("/notification-channels")
        number = max(int(one) for one in re.findall(r"/notification-channels/(\d+)", page.text))
        assert "whsec_" not in page.text
        assert "token=hidden" not in page.text + made.text
        tested = await ada.post(f"/notification-channels/{number}/test")
        await sending.send()
        delivery = tested.headers["location"]
        assert "delivered" in (await ada.get(delivery)).text
        assert len(sending.receiver.posts) == 1
        assert (await ada.post(delivery + "/redeliver")).status_code == 303
        await sending.send()
        assert len({post.headers["webhook-id"] for post in sending.receiver.posts}) == 1
        assert len(sending.receiver.posts) == 2
        changed = await ada.post(f"/notification-channels/{number}", data=form | {"name": "Yours", "target": ""})
        assert changed.status_code == 303
        assert "Yours" in (await ada.get(f"/notification-channels/{number}")).text
        assert (await ada.post(f"/notification-channels/{number}/remove")).status_code == 303
        assert "Yours" not in (await ada.get("/notification-channels")).text
        assert "was removed" in (await ada.get(delivery)).text
