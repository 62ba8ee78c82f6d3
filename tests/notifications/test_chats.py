"""Channels that lead to services for chats: which are allowed, and a message posted by the plugin for Discord."""

import json

import apprise
import pytest

from console.errors import Invalid
from console.notifications.bodies import ChannelSetting
from console.notifications.chat import SERVICES, check_chat, shown_chat
from console.notifications.deliveries_rules import DeliveryState
from console.notifications.rules import ChannelKind
from console.notifications.writes import add_channel
from tests.notifications.conftest import NOW, Sending

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
DISCORD = "discord://4711471147/T1i3c2U5s3e9p7s"
ALLOWED = (
    SLACK,
    f" {SLACK}/alerts ",
    "pagerduty://integrationkey123@apikey4567?region=eu",
    DISCORD,
    "tgram://123456789:abcdefg_hijklmnop/12315544",
    "workflows://prod-1.westeurope.logic.azure.com:443/workflow4711/signature?ver=2016-06-01",
)
REFUSED = (
    "",
    "https://hooks.slack.com/services/T/B/X",
    "json://127.0.0.1:9/alerts",
    "file://localhost/secrets.txt",
    "mmost://10.0.0.1/token1234567",
    f"{SLACK}?redirect=yes",
    f"{SLACK}?verify=no",
    f"{SLACK}?template=secrets.txt",
    f"{SLACK}?REDIRECT",
    f"{SLACK}#fragment",
    f"{SLACK}\nslack://more",
    f"{SLACK} slack://more",
    "workflows://127.0.0.1/workflow/signature",
    "workflows://evil.example/x.logic.azure.com/workflow/signature",
    "workflows://user:pass@prod.logic.azure.com.evil.example/workflow/signature",
    "workflows://127.0.0.1\\@prod.logic.azure.com/workflow/signature",
    "slack://" + "x" * 2_000,
)


@pytest.mark.parametrize("address", ALLOWED)
def test_what_is_allowed_is_what_apprise_reads_and_its_secrets_are_not_shown(address: str) -> None:
    checked = check_chat(address)
    assert apprise.Apprise.instantiate(checked) is not None
    assert shown_chat(checked).removesuffix(" …") in SERVICES.values()


@pytest.mark.parametrize("address", REFUSED)
def test_what_could_lead_elsewhere_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        check_chat(address)


def test_every_service_is_one_of_apprises() -> None:
    known = {schema for one in apprise.Apprise().details()["schemas"] for schema in one["secure_protocols"] or ()}
    assert set(SERVICES) <= known


@pytest.mark.one_edition
async def test_a_chat_receives_it_and_once_more_where_it_may_have_been_lost(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord = type(apprise.Apprise.instantiate(DISCORD))
    monkeypatch.setattr(discord, "notify_url", sending.receiver.webhook_url.partition("?")[0])
    monkeypatch.setattr(discord, "request_rate_per_sec", 0)
    async with sending.db.transaction() as transaction:
        setting = ChannelSetting(name="Chat")
        chat, secret = await add_channel(
            transaction, sending.settings, sending.id, ChannelKind.CHAT, DISCORD, setting, "ada", NOW
        )
    assert secret is None
    async with sending.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE notification_channels SET enabled = id = $1", (chat,))
    sending.receiver.answers = [(302, "Location: /elsewhere\r\n")]
    await sending.ask("1")
    await sending.send()
    assert await sending.rows("state") == ["waiting"]
    await sending.passes("due_at = now()")
    await sending.send()
    (delivery,) = await sending.deliveries()
    assert delivery.state is DeliveryState.DELIVERED
    assert [str(one.outcome) for one in await sending.attempts(delivery)] == ["in_doubt", "delivered"]
    assert len(sending.receiver.posts) == 2  # nobody went elsewhere
    first, second = (json.dumps(json.loads(post.body)) for post in sending.receiver.posts)
    assert "[critical] Pump 1 is offline" in first
    assert delivery.message_id not in first
    assert delivery.message_id in second
