"""Passkeys: alone at sign-in, as a second factor and as a proof; and every answer that is not right is refused."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from console.errors import Invalid
from console.organizations.rules import PROOF_LASTS
from console.sessions.tables import sessions
from console.store.database import Database
from console.users import passkeys
from console.users.passkeys import Site, site_of
from tests.cast import PASSWORD, Cast
from tests.serving import Served
from tests.users.authenticator import CODE, set_up, sign_in
from tests.users.passkey import PRESENT, VERIFIED, Authenticator, add, by_name, question

pytestmark = pytest.mark.one_edition
HERE = Site("localhost", "http://localhost:8000")
ASKED = {"challenge": "Y2hhbGxlbmdl", "user": {"id": "aGFuZGxl"}}
CHALLENGE = b"challenge"


@pytest_asyncio.fixture
async def named(web: Served) -> AsyncIterator[Served]:
    """The console by its name: passkeys work there."""
    yield Served(by_name(web.address), web.app)


def test_passkeys_work_at_names_with_https_and_at_localhost() -> None:
    for origin, host in (
        ("https://sims.example.com", "sims.example.com"),
        ("https://sims.example.com:8443", "sims.example.com"),
        ("http://localhost:8000", "localhost"),
        ("http://sims.example.com", None),
        ("http://127.0.0.1:8000", None),
        ("https://192.0.2.7", None),
        ("https://[::1]", None),
    ):
        found = site_of(origin)
        assert (found.host if found else None) == host, origin


Change = Callable[[Authenticator], None]
WRONG: dict[str, Change] = {
    "of another site": lambda one: setattr(one, "host", "localhost.example.com"),
    "from another site's page": lambda one: setattr(one, "origin", "http://localhost:9000"),
    "by a page without a port": lambda one: setattr(one, "origin", "http://localhost"),
    "without the user's presence": lambda one: setattr(one, "flags", VERIFIED),
    "that did not verify its user": lambda one: setattr(one, "flags", PRESENT),
}


def test_an_answer_counts_only_if_each_part_of_it_is_right() -> None:
    def use(authenticator: Authenticator, challenge: bytes = CHALLENGE, uses: int = 0, **changed: Any) -> int:
        answer = changed.get("answer") or authenticator.use(ASKED)
        return passkeys.uses_in(answer, HERE, challenge, public_key=key.public_key, uses=uses)

    right = Authenticator(HERE.origin)
    key = passkeys.made(right.make(ASKED), HERE, CHALLENGE)
    assert (key.credential_id, key.uses) == (right.credential_id, 0)
    assert passkeys.credential_in(right.use(ASKED)) == (right.credential_id, b"handle")
    assert use(right) == 2
    for name, change in WRONG.items():
        wrong = Authenticator(HERE.origin)
        change(wrong)
        with pytest.raises(Invalid):
            raise AssertionError(name, passkeys.made(wrong.make(ASKED), HERE, CHALLENGE))
        wrong.key = right.key
        with pytest.raises(Invalid):
            raise AssertionError(name, use(wrong))
    refused: list[Callable[[], object]] = [
        lambda: use(Authenticator(HERE.origin)),  # signed by another key
        lambda: use(right, b"another challenge"),
        lambda: use(right, uses=50),  # a copy has been used more often
        lambda: use(right, answer=right.make(ASKED)),  # an answer to another question
        lambda: passkeys.made(right.use(ASKED), HERE, CHALLENGE),
        lambda: passkeys.made(right.make(ASKED), HERE, b"another"),
    ]
    for text in ("x", "{}", "[]", "null", "1" * 20_000, "[" * 9_000, '{"rawId": "é", "response": {}}'):
        refused += [partial(use, right, answer=text), partial(passkeys.credential_in, text)]
    for one in refused:
        with pytest.raises(Invalid):
            one()


async def test_it_signs_in_alone_stands_for_the_code_and_proves(named: Served, db: Database, cast: Cast) -> None:
    origin, key = named.address, {"name": "x", "scopes": "sims:read"}
    laptop, phone = Authenticator(origin), Authenticator(origin)
    async with named.signed_in("ada") as ada, named.signed_in("ada") as other, named.stranger() as browser:
        added = await add(ada, laptop, "Laptop <b>")
        assert (added.status_code, len(CODE.findall(added.text))) == (200, 10), "the first brings recovery codes"
        assert "Laptop &lt;b&gt;" in added.text
        codes = CODE.findall(added.text)
        assert (await ada.get("/sims")).status_code == 200
        assert (await other.get("/sims")).status_code == 303, "all other sessions have ended"
        assert (await add(ada, laptop)).status_code == 422, "it is known already"
        assert CODE.findall((await add(ada, phone, "Phone")).text) == []

        # Renamed by its user alone.
        first = re.findall(r"/settings/passkeys/(\d+)/rename", (await ada.get("/settings/second-factor")).text)[-1]
        renamed = await ada.post(f"/settings/passkeys/{first}/rename", data={"name": " Old <i>laptop "})
        assert renamed.status_code == 303
        assert "Old &lt;i&gt;laptop" in (await ada.get("/settings/second-factor")).text
        for name in ("", " ", "x" * 61, "a\x07b"):
            assert (await ada.post(f"/settings/passkeys/{first}/rename", data={"name": name})).status_code == 422
        async with named.signed_in("otto") as otto:
            assert (await otto.post(f"/settings/passkeys/{first}/rename", data={"name": "x"})).status_code == 404

        # Alone, and each answer once.
        async def enter(answer: str) -> httpx.Response:
            return await browser.post("/sign-in/passkey", data={"passkey": answer, "next": "/jobs"})

        answer = laptop.use(await question(browser))
        entered = await enter(answer)
        assert (entered.status_code, entered.headers["location"]) == (303, "/jobs")
        assert (await browser.get("/users")).status_code == 200
        async with named.stranger() as thief:
            assert (await thief.post("/sign-in/passkey", data={"passkey": answer})).status_code == 401, "no question"
            await question(thief)
            assert (await thief.post("/sign-in/passkey", data={"passkey": answer})).status_code == 401, "another one"
            assert (await thief.get("/sims")).status_code == 303
        assert (await enter(answer)).status_code == 401
        await question(browser)
        assert (await enter(Authenticator(origin).use(await question(browser)))).status_code == 401, "unknown"
        laptop.uses -= 2
        assert (await enter(laptop.use(await question(browser)))).status_code == 401, "a copy of it was used less often"
        laptop.uses += 2

        # In the place of the code, after the password.
        assert (await sign_in(browser)).headers["location"] == "/sign-in/second?next=/jobs"
        assert "Use a passkey" in (await browser.get("/sign-in/second")).text
        foreign = {"passkey": Authenticator(origin).use(await question(browser))}
        assert (await browser.post("/sign-in/second", data=foreign)).status_code == 401
        assert (await browser.get("/sims")).status_code == 303
        second = await browser.post("/sign-in/second", data={"passkey": phone.use(await question(browser))})
        assert second.status_code == 303

        # As a proof; the password alone is none any more.
        async with db.transaction() as transaction:
            older = sessions.c.proved_at - PROOF_LASTS
            await transaction.connection.execute(sa.update(sessions).values(proved_at=older))
        asked = await browser.post("/api-keys", data=key)
        assert "Use a passkey" in (await browser.post(asked.headers["location"], data=key)).text
        unknown = Authenticator(origin).use(await question(browser))
        for given in ({"proof_password": PASSWORD}, {"proof_passkey": unknown}):
            assert (await browser.post("/prove/confirm", data=given)).status_code == 422
        async with db.reading() as reading:
            query = sa.text(
                "SELECT action, actor, organization_id, reason FROM audit_lines"
                " WHERE outcome = 'refused' AND reason LIKE '%passkey%' ORDER BY id"
            )
            refused = [tuple(row) for row in (await reading.execute(query)).all()]
        why = "INVALID: This passkey opens nothing here"
        assert refused[-2:] == [("session.begin", "ada", cast.acme, why), ("session.prove", "ada", cast.acme, why)]
        assert (await browser.post("/settings/passkeys/1/remove")).status_code == 307
        proof = {"proof_passkey": phone.use(await question(browser)), **key}
        assert (await browser.post("/prove/confirm?to=/api-keys", data=proof)).status_code == 200
        assert (await browser.post("/api-keys", data=key)).status_code == 200

        # Removed by its user alone; a removed one opens nothing, and the last takes the recovery codes along.
        async with named.signed_in("otto") as otto:
            assert (await otto.post("/settings/passkeys/1/remove")).status_code == 404
        assert (await browser.post("/settings/passkeys/1/remove")).status_code == 303
        assert (await enter(laptop.use(await question(browser)))).status_code == 401
        numbers = re.findall(r"/settings/passkeys/(\d+)/remove", (await browser.get("/settings/second-factor")).text)
        today = {"since": datetime.now(UTC).date().isoformat()}
        assert (await browser.post("/organizations/second-factor", data=today)).status_code == 303
        kept = await browser.post(f"/settings/passkeys/{numbers[0]}/remove")
        assert (kept.status_code, "Acme demands a second factor" in kept.text) == (422, True)
        assert (await browser.post("/organizations/second-factor", data={"since": ""})).status_code == 303
        assert (await browser.post(f"/settings/passkeys/{numbers[0]}/remove")).status_code == 303
        assert (await sign_in(ada)).headers["location"] == "/jobs", "the password alone"
    async with db.reading() as reading:
        left = (await reading.execute(sa.text("SELECT count(*) FROM recovery_codes"))).scalar_one()
        done = sa.text("SELECT action, after FROM audit_lines WHERE outcome = 'done' AND actor = 'ada'")
        lines = [(row.action, row.after) for row in await reading.execute(done)]
    assert (left, len(codes)) == (0, 10)
    for line in (
        ("account.add_passkey", {"name": "Phone"}),
        ("account.rename_passkey", {"name": "Old <i>laptop"}),
        ("session.begin", {"passkey": "Old <i>laptop"}),
        ("session.begin", {"second_factor": "passkey"}),
        ("session.prove", {"by": "passkey"}),
    ):
        assert line in lines
    assert "account.remove_passkey" in {action for action, _ in lines}


async def test_one_answer_that_comes_twice_at_once_and_one_without_a_name_do_nothing(
    web: Served, named: Served, db: Database, cast: Cast
) -> None:
    laptop = Authenticator(named.address)
    async with named.signed_in("ada") as ada, named.stranger() as browser, web.signed_in("otto") as otto:
        for name in ("", " ", "x" * 61, "a\0b"):
            assert (await add(ada, Authenticator(named.address), name)).status_code in (400, 422)
        await set_up(ada)
        assert CODE.findall((await add(ada, laptop)).text) == [], "she has recovery codes of the application"
        answer = {"passkey": laptop.use(await question(browser))}
        twice = await asyncio.gather(*(browser.post("/sign-in/passkey", data=answer) for _ in range(2)))
        assert sorted(one.status_code for one in twice) == [303, 401]
        late = {"passkey": laptop.use(await question(browser))}
        async with db.transaction() as transaction:
            disable = sa.text("UPDATE users SET disabled_at = :now WHERE name = 'ada'")
            await transaction.connection.execute(disable, {"now": datetime.now(UTC) - timedelta(hours=1)})
        assert (await browser.post("/sign-in/passkey", data=late)).status_code == 401
        for path in ("/sign-in/passkey/question", "/settings/passkeys/question"):
            assert (await otto.post(path)).status_code == 422, "an address of numbers"
