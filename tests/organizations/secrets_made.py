"""One secret of each kind that the console makes, takes or is given, as its users do it."""

import re
from datetime import UTC, datetime

import pyotp
import sqlalchemy as sa
from msgspec import structs

from console.audit.keys import audit_keys
from console.audit.writes import seal_lines
from console.members.forgotten import make_mailed_link
from console.settings import Settings
from console.store.database import Database
from console.streamer.forwarder_address import forwarder_token
from tests.cast import PASSWORD, STREAMER, Cast
from tests.serving import Served, client
from tests.users.passkey import Authenticator, by_name, question

# By kind: those that a copy must not hold. The last are in the settings alone.
KINDS = {
    *"password, wrong password, session, wall cookie, API key, wall key, access token, refresh token".split(", "),
    *"recovery code, TOTP secret, invitation, link for a password, mailed link, passkey question".split(", "),
    *"passkey, webhook secret, webhook address, heartbeat address, streamer password, 1NCE secret".split(", "),
    *"forwarder address, secret key, audit key, backup key, OIDC secret, metrics token".split(", "),
}
Secrets = dict[str, list[str]]


def with_secrets(settings: Settings) -> Settings:
    """Settings that have every kind of secret."""
    return structs.replace(
        settings,
        audit_key=("2026:" + "audit-key-of-tests-0123456789-abcdef",),
        backup_key=("2026:" + "backup-key-of-tests-0123456789-abcdef",),
        oidc_issuer="http://127.0.0.1:9/",
        oidc_client_id="console",
        oidc_client_secret="oidc-secret-of-tests-0123456789",
        metrics_token="metrics-token-of-tests-0123456789",
    )


async def make_secrets(web: Served, db: Database, cast: Cast, settings: Settings) -> Secrets:
    """All of them, by kind; Ada has a second factor afterwards."""
    found: Secrets = {
        "password": [PASSWORD],
        "API key": [cast.acme_key],
        "1NCE secret": ["demo-secret"],
        "streamer password": [STREAMER[1]],
        "forwarder address": [forwarder_token(settings.secret_key, "acme", 1)],
        "secret key": [settings.secret_key],
        "audit key": [one.partition(":")[2] for one in settings.audit_key],
        "backup key": [one.partition(":")[2] for one in settings.backup_key],
        "OIDC secret": [settings.oidc_client_secret or ""],
        "metrics token": [settings.metrics_token or ""],
        "wrong password": ["not-her-password"],
    }
    async with (
        web.signed_in_by_password("ada") as ada,
        web.program(cast.acme_key) as program,
        web.stranger() as stranger,
    ):
        assert (await program.get("/sims")).status_code == 200
        assert (await stranger.post("/sign-in", data={"name": "ada", "password": "not-her-password"})).is_error
        logged_in = await stranger.post("/api/v1/auth/login", json={"username": "ada", "password": PASSWORD})
        first = logged_in.json()["refresh_token"]
        refreshed = (await stranger.post("/api/v1/auth/refresh", json={"refresh_token": first})).json()
        found["access token"] = [logged_in.json()["access_token"], refreshed["access_token"]]
        found["refresh token"] = [first, refreshed["refresh_token"]]
        invited = [await ada.post("/users/invitations", data={"role": "viewer", "note": one}) for one in ("a", "b")]
        found["invitation"] = [_shown(page.text, r"/join/([\w-]{43})") for page in invited]
        await stranger.get(f"/join/{found['invitation'][0]}")
        assert (await ada.post("/settings/mail-address", data={"mail_address": "ada@example.com"})).status_code == 303
        vera = re.search(r'action="/users/(\d+)/reset"', (await ada.get("/users")).text)
        assert vera is not None
        found["link for a password"] = [
            _shown((await ada.post(f"/users/{vera[1]}/reset")).text, r"/join/([\w-]{43})"),
        ]
        made = {"name": "x", "scopes": "sims:read", "days": "30"}
        found["API key"] += [_shown((await ada.post("/api-keys", data=made)).text, r"(iot_key_\w{20,})")]
        for_wall = await ada.post("/api-keys", data={"name": "left screen", "for_wall": "yes"})
        found["wall key"] = [_shown(for_wall.text, r"(iot_key_\w{20,})")]
        opened = await stranger.post("/wall/key", data={"key": found["wall key"][0]})
        found["wall cookie"] = [cookie.value or "" for cookie in stranger.cookies.jar]
        assert (opened.status_code, len(found["wall cookie"])) == (303, 1)
        token = {"Authorization": f"Bearer {refreshed['access_token']}"}
        address = "https://hooks.example.com/services/T0-secret-of-the-address"
        channel = {"kind": "webhook", "name": "On-call", "target": address}
        hook = await stranger.post("/api/v1/notification-channels", json=channel, headers=token)
        path = f"/api/v1/notification-channels/{hook.json()['channel']['id']}/rotate-secret"
        rotated = await stranger.post(path, headers=token)
        found["webhook secret"] = [one.json()["secret"] for one in (hook, rotated)]
        found["webhook address"] = [address, "T0-secret-of-the-address"]
        found["heartbeat address"] = ["https://pings.example.com/ping/7c0ffee-secret", "7c0ffee-secret"]
        beat = {"url": found["heartbeat address"][0]}
        assert (await stranger.put("/api/v1/outgoing-heartbeat", json=beat, headers=token)).status_code == 200
        async with db.transaction() as transaction:
            user_id = (
                await transaction.connection.execute(sa.text("SELECT id FROM users WHERE name = 'ada'"))
            ).scalar_one()
            mailed = await make_mailed_link(transaction, user_id, datetime.now(UTC))
            assert mailed is not None
            found["mailed link"] = [mailed.token]
        begun = await ada.post("/settings/second-factor", data={"present": PASSWORD})
        assert begun.status_code == 303
        page = (await ada.get("/settings/second-factor")).text
        found["TOTP secret"] = re.findall(r'<code class="secret">(\w{32})</code>', page)
        code = pyotp.TOTP(found["TOTP secret"][0]).now()
        confirmed = await ada.post("/settings/second-factor/confirm", data={"code": code})
        found["recovery code"] = re.findall(r'<code class="secret">([\w-]{19})</code>', confirmed.text)
        named = by_name(web.address)
        passkey = Authenticator(named)
        async with client(named, {"Origin": named}) as there:
            there.cookies.set("session", ada.cookies["session"])
            asked = await question(there, "/settings/passkeys/question")
            data = {"name": "Laptop", "passkey": passkey.make(asked)}
            assert (await there.post("/settings/passkeys", data=data)).status_code == 200
            found["session"] = [str(one.value) for one in (*there.cookies.jar, *ada.cookies.jar)]
        found["passkey question"], found["passkey"] = [asked["challenge"]], [passkey.secret.hex()]
    async with db.transaction() as transaction:
        await seal_lines(transaction, audit_keys(settings), datetime.now(UTC))
    return found


def _shown(page: str, pattern: str) -> str:
    shown = re.search(pattern, page)
    assert shown is not None, page[:500]
    return shown[1]
