"""IMSI and MSISDN are whole for whoever has the permission, else their last four digits: by page, API and stream."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from console.actions.bulk.selection import Selection
from console.actions.bulk.writes import add_approval, plan
from console.actions.requests import Asked
from console.actions.writes import request
from console.api_keys.writes import put_key
from console.facts.actions import ActionKind
from console.facts.masking import masked_sms, masked_text
from console.facts.sms import Sms
from console.organizations.rules import Permission
from console.sms.writes import put_template, record_messages
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
IMSI, MSISDN = "901405109991234", "882285109995678"
FULL_WIDTH = "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in IMSI[:6])
WHOLE, MASKED = (IMSI, MSISDN), ("…1234", "…5678")
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
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


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"I am {MSISDN}, {IMSI}.", "I am …5678, …1234."),
        (f"tel:+{MSISDN};id={IMSI}x", "tel:+…5678;id=…1234x"),
        (f"at 1795082400000 of {ADAS_SIM}: 21.5", f"at 1795082400000 of {ADAS_SIM}: 21.5"),  # milliseconds, an ICCID
    ],
)
def test_a_message_does_not_say_what_its_numbers_are(said: str, shown: str) -> None:
    assert masked_sms(message(said)).payload == shown
    if IMSI in said:
        binary = masked_sms(message(said.encode().hex(), dcs=4)).payload
        assert binary == shown.replace("…", "~").encode().hex().replace("7e", "…")


def test_a_number_that_two_parts_of_a_message_share_is_shown_by_neither() -> None:
    parts = [
        masked_sms(message(text, part=number, parts=2)).payload
        for number, text in enumerate((f"12 I am {IMSI[:8]}", f"{IMSI[8:]} at 12"), 1)
    ]
    assert parts == ["12 I am …", "… at 12"]


def test_an_address_that_is_a_device_is_masked_and_one_of_a_service_is_not() -> None:
    found = masked_sms(message("x", source_address=f"+{MSISDN}", dest_address="338"))
    assert (found.source_address, found.dest_address) == ("…5678", "338")


def message(payload: str, **fields: Any) -> Sms:
    values = {"direction": "mo", "id": "1", "time": NOW, "status": "delivered", "source": "poll", **fields}
    return Sms(iccid=ADAS_SIM, payload=payload, **values)


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


async def test_texts_of_messages_and_actions_show_no_number_to_whoever_may_not_read_it(
    web: Served, cast: Cast, db: Database
) -> None:
    await change(db, cast, "pump-1")
    about = f"I am {IMSI} and {MSISDN}"
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "reads all but them", set(P) - {P.IDENTIFIERS_READ}, NOW)
        await record_messages(transaction, cast.acme, [message(about)], NOW)
        made = await put_template(transaction, cast.acme, "Who", "{imsi} {msisdn}", "ada", NOW)
        asked = Asked(kind=ActionKind.SMS, iccid=ADAS_SIM, parameters={"payload": about})
        action, _ = await request(transaction, cast.ada, asked, "first", NOW, undo=timedelta(days=99))
        await add_approval(transaction, cast.ada, "It is many.", about, NOW, action=action)
        asked = Asked(kind=ActionKind.SMS, iccid="", parameters={"payload": "{imsi} {msisdn}", "fill": True})
        chosen = Selection(iccids=[ADAS_SIM])
        bulk, _ = await plan(transaction, cast.ada, asked, chosen, "second", "second", NOW, stop_percent=5)
    conversation, listed = f"/sims/{ADAS_SIM}/sms", ("/sms", "/actions", f"/actions/{action.id}", "/approvals")
    whole = (conversation, f"{conversation}?template={made.id}", f"/sims/{ADAS_SIM}", f"/bulk-actions/{bulk.id}")
    async with web.signed_in("vera") as vera, web.signed_in("otto") as otto, web.program(key) as program:
        for path in (*whole, *listed, "/approvals/1"):
            page = (await vera.get(path)).text
            assert not [number for number in WHOLE if number in page], path
            assert "…1234" in page, path
        for path in ("/sms.csv", f"{conversation}.csv", "/actions.csv", "/bulk-actions.csv", "/approvals.csv"):
            file = (await vera.get(path)).text
            assert not [number for number in WHOLE if number in file], path
        for path in (*whole, "/approvals", "/approvals/1", "/approvals.csv"):
            page = (await otto.get(path)).text
            assert all(number in page for number in WHOLE), path
        for path in (f"/sims/{ADAS_SIM}/sms", "/actions", "/approvals", "/approvals/1", "/audit"):
            answer = await program.get(path)
            assert answer.status_code == 200, path
            assert not [number for number in WHOLE if number in answer.text], path
        async with (
            web.page_socket(vera, f"?view=conversation&topics=sim:{ADAS_SIM}") as page,
            web.page_socket(vera, "?view=sms&topics=sms") as list_page,
            web.stream(key, "?topics=sms") as stream,
        ):
            for socket in (page, list_page, stream):
                await socket.recv()
            async with db.transaction() as transaction:
                again = structs.replace(message(about), id="2", time=NOW + timedelta(seconds=1))
                await record_messages(transaction, cast.acme, [again], datetime.now(UTC))
            for socket in (page, list_page, stream):
                said = await received(socket, "1234")
                assert not [number for number in WHOLE if number in said]


async def test_a_binary_message_shows_no_number_in_the_list_of_conversations(
    web: Served, cast: Cast, db: Database
) -> None:
    late = datetime.now(UTC)
    about = message(f"I am {IMSI}.".encode().hex(), dcs=4)
    part = structs.replace(message(f"at {IMSI[:8]}"), iccid=ADAS_OTHER_SIM, id="2", part=1, parts=2)
    digits = about.payload and about.payload[10:32]
    assert digits
    async with web.signed_in("vera") as vera, web.page_socket(vera, "?view=sms&topics=sms") as socket:
        await socket.recv()
        async with db.transaction() as transaction:
            await record_messages(transaction, cast.acme, [about, part], late)
        pages = [(await vera.get(path)).text for path in ("/sms", "/sms.csv", "/sms.csv?format=ndjson")]
        for text in (await received(socket, "31323334"), *pages):
            assert digits not in text
            assert "31323334" in text, "its last four digits"
            assert IMSI[:8] not in text, "another part may hold the rest"
