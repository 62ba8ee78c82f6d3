"""IMSI and MSISDN are whole for whoever has the permission, else their last four digits: by page, API and stream."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from console.api_keys.writes import put_key
from console.facts.masking import masked_text
from console.organizations.rules import Permission
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
IMSI, MSISDN = "901405109991234", "882285109995678"
FULL_WIDTH = "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in IMSI[:6])
WHOLE, MASKED = (IMSI, MSISDN), ("…1234", "…5678")
P = Permission
VIEWS = (
    f"sim&topics=sim:{ADAS_SIM}",
    f"sims&topics=fleet,sim:{ADAS_SIM}",
    "overview&topics=fleet",
    "actions&topics=actions",
)


async def change(db: Database, cast: Cast, label: str) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label=label, imsi=IMSI, msisdn=MSISDN)


async def received(socket: Any, until: str) -> str:
    """All that comes on this socket, up to a text."""
    said = ""
    async with asyncio.timeout(20):
        while until not in said:
            said += str(await socket.recv())
    return said


def test_a_text_is_masked_where_it_names_them_and_nowhere_else() -> None:
    text = f"ICCID: {ADAS_SIM}\nIMSI: {IMSI}\nMSISDN: {MSISDN}\nIMEI: 867648040000001"
    assert masked_text(text) == f"ICCID: {ADAS_SIM}\nIMSI: …1234\nMSISDN: …5678\nIMEI: 867648040000001"


async def test_programs_see_them_by_their_scopes(web: Served, cast: Cast, db: Database) -> None:
    reading = [P.SIMS_READ, P.SIMS_WRITE, P.STREAM_READ]
    async with db.transaction() as transaction:
        keys = [
            await put_key(transaction, cast.acme, "a program", scopes, datetime.now(UTC))
            for scopes in (reading, [*reading, P.IDENTIFIERS_READ])
        ]
    await change(db, cast, "pump-1")
    etags = []
    for key, seen in zip(keys, (MASKED, WHOLE), strict=True):
        async with web.program(key) as program, web.stream(key, f"?topics=sim:{ADAS_SIM}") as stream:
            one = await program.get(f"/sims/{ADAS_SIM}")
            etags.append(one.headers["etag"])
            some = (await program.get("/sims", params={"fields": "imsi,label", "q": "pump-1"})).json()["items"]
            whole = (await program.get("/sims", params={"sort": "label"})).json()["items"][0]
            other = (await program.get("/sims", params={"fields": "label"})).json()["items"]
            noted = (
                await program.patch(f"/sims/{ADAS_SIM}", json={"note": key[-4:]}, headers={"If-Match": etags[-1]})
            ).json()
            assert [(found["imsi"], found["msisdn"]) for found in (one.json(), whole, noted)] == [seen] * 3
            assert (some, [*other[0]]) == ([{"imsi": seen[0], "label": "pump-1"}], ["label"])
            said = await received(stream, key[-4:])
            assert (seen[0] in said, seen[1] in said) == (True, True)
            assert not any(number in said for number in WHOLE if number not in seen)
    assert etags[0] != etags[1]


async def test_people_see_them_by_their_roles_and_open_pages_too(web: Served, cast: Cast, db: Database) -> None:
    await change(db, cast, "pump-1")

    async def followed(name: str) -> Sequence[str]:
        async with web.signed_in(name) as browser:
            texts = [(await browser.get(path)).text for path in (f"/sims/{ADAS_SIM}", "/sims", "/tickets", "/actions")]
            for view in VIEWS:
                async with web.page_socket(browser, f"?view={view}") as socket:
                    await socket.recv()
                    await change(db, cast, f"{name}-{view[:4]}")
                    texts.append(await received(socket, '"seq"' if view[:4] != "sim&" else f"{name}-sim&amp;"))
        return texts

    for name, seen, hidden in (("vera", MASKED, WHOLE), ("otto", WHOLE, ())):
        texts = await followed(name)
        assert not [text for text in texts for number in hidden if number in text]
        for text in (texts[0], texts[4]):
            assert all(number in text or number.replace("…", "\\u2026") in text for number in seen), (name, text[:2000])


@pytest.mark.parametrize(
    "probe", [IMSI[:6], IMSI[3:9], IMSI, MSISDN[2:8], f"+{MSISDN}", MSISDN, f"{IMSI}, {MSISDN}", FULL_WIDTH]
)
async def test_nothing_is_found_by_numbers_that_are_masked(web: Served, cast: Cast, db: Database, probe: str) -> None:
    await change(db, cast, "pump-1")
    found = {}
    for name in ("vera", "otto"):
        async with web.signed_in(name) as browser:
            listed = (await browser.get("/sims", params={"q": probe})).text
            suggested = (await browser.get("/find", params={"q": probe}, headers={"HX-Request": "true"})).text
            gone_to = (await browser.get("/find", params={"q": probe})).headers.get("location", "")
            found[name] = tuple(f"/sims/{ADAS_SIM}" in text for text in (listed, suggested, gone_to))
    assert (found["vera"], found["otto"][:2]) == ((False, False, False), (True, True))


async def test_what_is_no_masked_number_is_found_by_everybody(web: Served, cast: Cast, db: Database) -> None:
    await change(db, cast, f"pump {IMSI[:6]}")
    async with web.signed_in("vera") as browser:
        for probe in (ADAS_SIM, ADAS_SIM[8:14], ADAS_SIM[-4:], "pump", f"pump {IMSI[:6]}", "pu"):
            assert f"/sims/{ADAS_SIM}" in (await browser.get("/sims", params={"q": probe})).text, probe
