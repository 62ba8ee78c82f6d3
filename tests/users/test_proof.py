"""What costs money or gives rights needs a proof of the last 15 minutes, and goes on after it with the same form."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest
import sqlalchemy as sa

from console.api_keys.writes import put_key
from console.organizations.rules import PERMISSIONS, PROOF_LASTS, Caller, Permission, Role, Token
from console.sessions.tables import sessions
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, PASSWORD, Cast
from tests.serving import Served
from tests.users.authenticator import code_of, set_up

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
KEY = {"name": "export <b>", "scopes": ["sims:read", "alerts:read"], "days": "30"}
TOP_UP = {"kind": "topup", "after": "0", "payment_method": "creditcard", "reason": "Ticket 7"}
TOP_UP |= {"seen": '{"status":"enabled","data_quota":null,"data_total_bytes":null}', "price": "unknown"}


async def age(db: Database, by: timedelta = PROOF_LASTS) -> None:
    """Let every session have been proved this much earlier."""
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.update(sessions).values(proved_at=sessions.c.proved_at - by))


async def count(db: Database, table: str) -> int:
    async with db.reading() as reading:
        return int((await reading.execute(sa.text(f"SELECT count(*) FROM {table}"))).scalar_one())


def waiting(page: httpx.Response) -> dict[str, list[str]]:
    """The fields of the form that waits, as the page has them."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text):
        found.setdefault(unescape(name), []).append(unescape(value))
    return found


def address(page: httpx.Response) -> str:
    """Where the page's form goes."""
    found = re.search(r'<form class="[^"]*"\s+method="post"\s+action="([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


def test_a_proof_holds_fifteen_minutes_and_keys_are_not_asked() -> None:
    def caller(**held: object) -> Caller:
        allowed = PERMISSIONS[Role.ADMIN]
        return Caller(organization_id=1, organization="Acme", name="ada", permissions=allowed, **held)  # type: ignore[arg-type]

    assert caller(key_id=1).has_proved(NOW)
    for held in ({"session": b"x"}, {"token": Token(1, NOW)}):
        for minutes, proved in ((0, True), (14.9, True), (15, False), (60 * 24, False)):
            assert caller(**held, proved_at=NOW - timedelta(minutes=minutes)).has_proved(NOW) is proved
        assert not caller(**held).has_proved(NOW), "never"


async def test_an_old_session_proves_itself_and_the_form_goes_on(web: Served, db: Database, cast: Cast) -> None:
    keys = await count(db, "api_keys")
    async with web.signed_in("ada") as ada, web.stranger() as thief:
        fresh = await ada.post("/api-keys", data=KEY)
        assert (fresh.status_code, await count(db, "api_keys")) == (200, keys + 1), "a new session is not asked"
        await age(db)
        before = ada.cookies["session"]
        asked = await ada.post("/api-keys", data=KEY, headers={"Referer": f"{web.address}/api-keys?a=b"})
        assert asked.status_code == 307, "the browser sends the same form to the page that asks"
        page = await ada.post(asked.headers["location"], data=KEY, headers={"Referer": f"{web.address}/api-keys?a=b"})
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        assert "Make an API key" in page.text
        assert 'href="/api-keys?a=b"' in page.text, "back to where the form stands"
        fields = waiting(page)
        assert {name: fields[name] for name in KEY} == {"name": ["export <b>"], "scopes": KEY["scopes"], "days": ["30"]}
        wrong = await ada.post(address(page), data=fields | {"proof_password": ["wrong"]})
        assert (wrong.status_code, ada.cookies["session"]) == (422, before)
        assert "not your present password" in wrong.text
        assert waiting(wrong) == fields, "nothing of the form is lost"
        proved = await ada.post(address(wrong), data=fields | {"proof_password": [PASSWORD]})
        assert proved.status_code == 200
        assert PASSWORD not in proved.text
        assert (address(proved), waiting(proved)) == ("/api-keys", {name: fields[name] for name in KEY})
        assert await count(db, "api_keys") == keys + 1, "a proof alone makes nothing"
        assert ada.cookies["session"] != before
        thief.cookies.set("session", before)
        assert (await thief.get("/sims")).status_code == 303, "the cookie before opens nothing"
        made = await ada.post(address(proved), data=waiting(proved))
        assert (made.status_code, await count(db, "api_keys")) == (200, keys + 2)
        for method in ("GET", "HEAD"):
            assert (await ada.request(method, asked.headers["location"])).status_code == 405
        elsewhere = await ada.post("/prove", params={"to": "https://evil.example/x"}, data=KEY)
        assert "evil.example" not in elsewhere.text
        foreign = {"Origin": "https://evil.example"}
        assert (await ada.post("/prove", data=KEY, headers=foreign)).status_code == 403
    async with db.reading() as reading:
        query = sa.text("SELECT action, outcome, reason FROM audit_lines WHERE action IN ('key.add', 'session.prove')")
        lines = [tuple(line) for line in await reading.execute(query)]
    assert [line[:2] for line in lines].count(("session.prove", "done")) == 1
    assert [line[2][:12] for line in lines if line[1] == "refused"] == ["PROOF_NEEDED"]


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/prove?to=%2Fapi-keys&action=key.add", "/api-keys"),
        (f"/prove?to=%2Fsims%2F{ADAS_SIM}%2Fimei-lock", f"/sims/{ADAS_SIM}"),
        ("/prove?to=//evil.example/sims", "/sims"),
        ("/prove?to=https://evil.example", "/"),
        ("/prove?to=" + "/users" * 1_000, "/users"),
        ("/users/1/disable", "/users"),
        ("/shown", "/"),
    ],
)
async def test_a_forms_address_that_is_opened_by_itself_says_so_and_leads_back(
    web: Served, cast: Cast, path: str, back: str
) -> None:
    async with web.signed_in("ada") as ada:
        page = await ada.get(path)
    assert page.status_code == 405
    assert "<h1>Nothing was done</h1>" in page.text
    assert f'<a class="button" href="{back}">' in page.text


async def test_nobody_buys_without_a_proof_and_nobody_twice_after_it(web: Served, db: Database, cast: Cast) -> None:
    path = f"/sims/{ADAS_SIM}/actions"
    async with web.signed_in("otto") as otto, web.stranger() as program:
        login = {"username": "otto", "password": PASSWORD}
        tokens = (await program.post("/api/v1/auth/login", json=login)).json()
        await age(db)
        script = {"HX-Request": "true"}
        asked = await otto.post(path, data=TOP_UP, headers=script)
        shown = await otto.post(asked.headers["location"], data=TOP_UP, headers=script)
        assert "data-go-on" in shown.text, "the form goes on to the page by itself"
        page = await otto.post(address(shown), data=waiting(shown))
        assert await count(db, "actions") == 0
        proved = await otto.post(address(page), data=waiting(page) | {"proof_password": [PASSWORD]})
        bought = [await otto.post(address(proved), data=waiting(proved)) for _ in range(2)]
        assert {answer.headers["location"] for answer in bought} == {"/actions/1"}
        assert await count(db, "actions") == 1
        # A program that signed in as the user must sign in again; one with a key is not asked.
        other = f"/api/v1/sims/{ADAS_OTHER_SIM}/topup"

        async def ask(**credentials: str) -> httpx.Response:
            headers = {"Idempotency-Key": f"key-{len(credentials)}", **credentials}
            return await program.post(other, json={"payment_method": "creditcard"}, headers=headers)

        refused = await ask(Authorization=f"Bearer {tokens['access_token']}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "PROOF_NEEDED")
        again = (await program.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
        assert (await ask(Authorization=f"Bearer {again['access_token']}")).status_code == 403, "tokens prove nothing"
        tokens = (await program.post("/api/v1/auth/login", json=login)).json()
        assert (await ask(Authorization=f"Bearer {tokens['access_token']}")).status_code == 202
        async with db.transaction() as transaction:
            scopes = [Permission.SIMS_READ, Permission.SIMS_SPEND, Permission.SIMS_ACT]
            key = await put_key(transaction, cast.acme, "billing", scopes, datetime.now(UTC))
        assert (await ask(**{"X-API-Key": key})).status_code == 409, "it has been asked for, which a key may learn"


async def test_who_has_a_second_factor_gives_it_too(web: Served, db: Database, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        secret, codes, confirming = await set_up(ada)
        await age(db)
        asked = await ada.post("/api-keys", data=KEY)
        page = await ada.post(asked.headers["location"], data=KEY)
        assert "proof_code" in page.text
        fields = waiting(page) | {"proof_password": [PASSWORD]}
        for code, status in (("", 422), ("000000", 422), (confirming, 422), (code_of(secret, 1), 200)):
            answer = await ada.post(address(page), data=fields | {"proof_code": [code]})
            assert (code, answer.status_code) == (code, status), "the code that confirmed it proves nothing"
        await age(db)
        answer = await ada.post(address(page), data=fields | {"proof_code": [codes[0]]})
        assert answer.status_code == 200
        for kept in (codes[0], PASSWORD):
            assert kept not in answer.text
