"""Who has passkeys and no application: recovery codes anew, an application beside them, and the way back without."""

import pytest

from console.store.database import Database
from tests.cast import PASSWORD, Cast
from tests.serving import Served
from tests.users.authenticator import CODE, code_of, key_in, sign_in
from tests.users.passkey import Authenticator, add, by_name, question
from tests.users.test_proof import address, age, waiting

pytestmark = pytest.mark.one_edition
RENEW, BEGIN = "/settings/passkeys/recovery-codes", "/settings/second-factor"


async def test_recovery_codes_are_renewed_by_a_proof_and_open_without_the_passkey(
    web: Served, db: Database, cast: Cast
) -> None:
    named = Served(by_name(web.address), web.app)
    laptop = Authenticator(named.address)
    async with named.signed_in("ada") as ada, named.stranger() as lost, named.signed_in("otto") as otto:
        none = await otto.post(RENEW)
        assert (none.status_code, CODE.findall(none.text)) == (422, []), "codes stand for a second factor"
        first = CODE.findall((await add(ada, laptop)).text)
        assert "10 recovery codes are left" in (await ada.get(BEGIN)).text
        await age(db)
        assert (await ada.post(RENEW)).headers["location"].startswith("/prove?to=%2Fsettings%2Fpasskeys")
        page = await ada.post("/prove", params={"to": RENEW, "action": "account.renew_codes"})
        assert "Make new recovery codes" in page.text
        proof = {"proof_passkey": laptop.use(await question(ada))}
        proved = await ada.post(address(page), data=waiting(page) | proof)
        renewed = await ada.post(address(proved), data=waiting(proved))
        codes = CODE.findall(renewed.text)
        assert (renewed.headers["cache-control"], len(codes), set(codes) & set(first)) == ("no-store", 10, set())

        # The passkey is lost: the password and a code open, and take the passkey away.
        assert (await sign_in(lost)).headers["location"].startswith("/sign-in/second")
        for code, status in ((first[0], 401), (codes[0], 303)):
            assert (await lost.post("/sign-in/second", data={"code": code})).status_code == status
        assert "9 recovery codes are left" in (await lost.get(BEGIN)).text
        assert (await lost.post("/settings/passkeys/1/remove")).status_code == 303


async def test_an_application_beside_a_passkey_is_begun_by_a_proof(web: Served, db: Database, cast: Cast) -> None:
    named = Served(by_name(web.address), web.app)
    laptop = Authenticator(named.address)
    async with named.signed_in("ada") as ada:
        await add(ada, laptop)
        await age(db)
        assert 'name="present"' not in (await ada.get(BEGIN)).text
        asked = await ada.post(BEGIN, data={"present": PASSWORD})
        page = await ada.post(asked.headers["location"], data={"present": PASSWORD})
        assert (asked.status_code, PASSWORD in page.text) == (307, False), "no page holds the password"
        proof = {"proof_passkey": laptop.use(await question(ada))}
        assert (await ada.post("/prove/confirm", data=proof)).status_code == 200
        assert (await ada.post(BEGIN)).status_code == 303, "the passkey has proved"
        secret = key_in(await ada.get(BEGIN))
        assert (await ada.post(f"{BEGIN}/confirm", data={"code": code_of(secret)})).status_code == 200
        refused = await ada.post(RENEW)
        assert (refused.status_code, "by a code of it" in refused.text) == (422, True)
