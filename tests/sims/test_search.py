"""What people paste into the search finds the SIM that they mean, however it is written."""

import unicodedata
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from console.iccid import check_digit
from console.sims import reads
from console.sims.rules import SimFilter, having
from console.sims.search import (
    LONGEST,
    MOST_IDENTIFIERS,
    MOST_WORDS,
    Search,
    SearchTooLong,
    parse_search,
    says_something,
)
from console.sims.unmatched import not_found
from console.sims.writes import record_inventory
from console.store.database import Database
from console.unicode_text import normal
from tests.cast import Cast, add_sim, listed
from tests.serving import Served

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ICCID = "8988228066601000002"  # its check digit is 8
OTHER = "8988228066601000010"
IMEI_PRINTED = "490154203237518"  # the last digit is the device's own check digit
ACCENTED = "Zu\u0308rich Stra\u00dfe"  # in NFD, as a Mac writes it

ACCENTS = ["\u0345", "\u0301\u0308\u0327", "\u00b4", "\u00a8", "\u037a", "\u034f", "\u0345 \u0301"]  # that stand alone
SPELLINGS = [
    ICCID,
    ICCID + "8",
    ICCID + "F",
    ICCID + "8F",
    "8988 2280 6660 1000 002",
    "8988 2280 6660 1000 0028",
    "8988-2280-6660-1000-002",
    f"\u200b{ICCID}\ufeff",
    f"  {ICCID}\t",
    "\uff18\uff19\uff18\uff18228066601000002",  # full width digits
    "+882285601000002",
    "00882285601000002",
    "882285601000002",
    "901405100000002",
    IMEI_PRINTED,
    "49-015420-323751-8",
    "4901542032375101",
    # with what is printed around it, by cards, modems and people
    f"ICCID: {ICCID}8",
    f"ICCID:{ICCID}",
    f"+CCID: {ICCID}8",
    f'"{ICCID}"',
    f"<{ICCID}>",
    f"#{ICCID}.",
    f"{ICCID} 8",
    "898822/8066601000002",
    "8988_2280_6660_1000_002",
    "\u0668\u0669\u0668\u0668\u0662\u0662\u0668\u0660\u0666\u0666\u0666\u0660\u0661\u0660\u0660\u0660\u0660\u0660\u0662",
    "898822806\u180e660\ufe0f1000\u3164002",
    "IMSI 901405100000002",
    "901/405100000002",
    "tel:+882285601000002",
    "+ 882 285601000002",
    "00 882 2856 01000002",
    "011882285601000002",
    "+882(0)285601000002",
    "(+882) 285601000002",
    "IMEI:490154203237518",
    "49 015420 323751 8",
    "490154/20/323751/8",
    "490154203237518/01",
    "490154203237518 / 01",
    "49015420323751 8",
    "490154203237510",  # as networks send it: 0 in the place of the check digit
    "4901542032375102",  # another version of the device's software
    "10.192.1.8",
    "10.192.1.8/32",
    "010.192.001.008",
    "http://10.192.1.8:8080/status",
    "::ffff:10.192.1.8",
    # what modems answer, and what stands above or beside it in a table
    *(f"{command} {ICCID}8" for command in ("AT+CCID", "^ICCID:", "%CCID:", "#CCID:", "+QCCID:")),
    *(f"{label} {ICCID}8" for label in ("ICCID No.", "ICCID Number:", "ICCID\u00a0:", "Card number:", "SIM-ID:", "SN")),
    *(f"{label} 901405100000002" for label in ("+CIMI:", "IMSI =", "imsi-", "IMSI")),
    *("IMSI901405100000002", "imsi-901405100000002", "IMEI490154203237518"),
    *(f"{label} 490154203237518" for label in ("IMEI1:", "IMEI 1:", "+CGSN:", "S/N")),
    *("Phone no. +882285601000002", "IP-Address: 10.192.1.8", "IP address:\t10.192.1.8"),
    *(f"ICCID{divided}{ICCID}8" for divided in ("\t", "\r\n", ",", ";", " | ")),
    f"ICCID\tIMSI\n{ICCID}8\t901405100000002",
    f"ICCID,SIM number\r\n{ICCID}8,+882285601000002",
]
WORDS = ["sim card", "iccid no", "SIM 12", "tel aviv 5", "imsi-pump", "card 4711"]


async def fill(db: Database, cast: Cast) -> None:
    sims = [
        listed(
            ICCID,
            label=ACCENTED,
            imsi="901405100000002",
            msisdn="882285601000002",
            imei="4901542032375101",
            ip_address="10.192.1.8",
        ),
        listed(
            OTHER,
            label="ΟΔΟΣ 12 / İzmir / 2024-0001-0002-0003 / O\u2019Brien\u20137",
            imsi="490154203237519",  # begins as the other's device does
            ip_address="10.192.1.80",
        ),
    ]
    async with db.transaction() as transaction:
        await record_inventory(transaction, cast.acme, sims, NOW)


async def found(db: Database, cast: Cast, text: str) -> list[str]:
    async with db.reading() as reading:
        page = await reads.page(reading, cast.acme, SimFilter(q=text))
    assert page.total == len(page.items)
    return [sim.iccid for sim in page.items]


@pytest.mark.parametrize("text", WORDS)
def test_what_looks_like_a_label_of_a_number_is_a_word_without_one(text: str) -> None:
    assert parse_search(text).words == tuple(text.split())


@pytest.mark.one_edition
async def test_an_identifier_is_found_in_every_spelling(db: Database, cast: Cast) -> None:
    await fill(db, cast)
    assert {text: await found(db, cast, text) for text in SPELLINGS} == {text: [ICCID] for text in SPELLINGS}


@pytest.mark.one_edition
@pytest.mark.parametrize(
    ("text", "iccid"),
    [
        ("Z\u00fcrich", ICCID),
        ("zurich", ICCID),
        ("ZU\u0308RICH STRASSE", ICCID),
        ("stra\u00dfe", ICCID),
        ("οδος", OTHER),
        ("ΟΔΟς", OTHER),
        ("izmir", OTHER),
        ("2024-0001-0002-0003", OTHER),
        ("zu", ICCID),
        ("o'brien-7", OTHER),
        ("izmir 12", OTHER),
        ("12 izmir \u03bf\u03b4", OTHER),
    ],
)
async def test_words_are_found_in_any_case_and_unicode_form(db: Database, cast: Cast, text: str, iccid: str) -> None:
    await fill(db, cast)
    assert await found(db, cast, text) == [iccid]


@pytest.mark.one_edition
async def test_dashes_underscores_and_apostrophes_stand_for_each_other(db: Database, cast: Cast) -> None:
    signs = "_-'`\u00b4\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2018\u2019\u02bc\uff07\uff3f\uff0d"
    sims = [listed(ICCID, label="Line_12-B"), listed(OTHER, label="Line 12 B")]
    async with db.transaction() as transaction:
        await record_inventory(transaction, cast.acme, sims, NOW)
    for sign in signs.replace("\u00b4", ""):  # which is a blank and an accent in form KC: two words
        assert await found(db, cast, f"line{sign}12") == [ICCID], sign
        async with db.reading() as reading:
            by_label = await reads.page(reading, cast.acme, having(label=f"line{sign}12"))
        assert [sim.iccid for sim in by_label.items] == [ICCID], sign
    assert await found(db, cast, "Line%12") == []
    for sign in signs:
        async with db.transaction() as transaction:
            await record_inventory(transaction, cast.acme, [listed(ICCID, label=f"Line{sign}12")], NOW)
        assert await found(db, cast, "line-12") == [ICCID], sign


@pytest.mark.one_edition
async def test_a_label_that_grows_when_it_is_folded_is_kept_and_found(db: Database, cast: Cast) -> None:
    scattered = [0x3300 + n * 7919 % 88 for n in range(127)]  # each is up to six letters when it is folded
    label = "".join(map(chr, [*scattered, *(0xAC00 + n * 7919 % 11_172 for n in range(128))]))
    async with db.transaction() as transaction:
        await record_inventory(transaction, cast.acme, [listed(ICCID, label=label)], NOW)
    assert await found(db, cast, label[100:150]) == [ICCID]
    async with db.reading() as reading:
        page = await reads.page(reading, cast.acme, having(label=label[:20]))
    assert [sim.label for sim in page.items] == [label]


@pytest.mark.one_edition
async def test_the_last_digits_of_a_card_are_found_with_their_check_digit(db: Database, cast: Cast) -> None:
    await fill(db, cast)
    for iccid in (ICCID, OTHER):
        printed = iccid + check_digit(iccid)
        wrong = iccid + str((int(check_digit(iccid)) + 1) % 10)
        for length in (4, 5, 8, 13, 14, 16, 19):
            assert await found(db, cast, printed[-length:]) == [iccid], length
            assert await found(db, cast, wrong[-length:]) == [], length
            async with db.reading() as reading:
                asked = parse_search(f"{printed[-length:]}, {wrong[-length:]}").identifiers
                missed = [one.written for one in await not_found(reading, cast.acme, asked, masked=False)]
            assert missed == ([wrong[-length:]] if length >= 14 else []), length
    async with db.reading() as reading:
        for number in (0, 7, 89882280666010000021, 10**18 + 9):
            assert (await reading.execute(sa.select(sa.func.check_digit(str(number))))).scalar_one() == check_digit(
                str(number)
            )


@pytest.mark.one_edition
async def test_several_identifiers_find_each_of_them_and_name_what_is_missing(db: Database, cast: Cast) -> None:
    await fill(db, cast)
    text = f"{ICCID}, {OTHER}\n490154203237519 8988228066699999999 {ICCID}9 10.192.1.8 10.192.1.9"
    assert await found(db, cast, text) == [ICCID, OTHER]
    async with db.reading() as reading:
        missed = await not_found(reading, cast.acme, parse_search(text).identifiers, masked=False)
    assert [one.written for one in missed] == ["8988228066699999999", ICCID + "9", "10.192.1.9"], (
        "Eve's SIM is not Acme's"
    )
    assert missed[1].fault == f"the check digit of {ICCID}9 should be 8: one of its digits is mistyped"


@pytest.mark.parametrize(
    "text",
    [
        "x" * (LONGEST + 1),
        "ab " * (MOST_WORDS + 1),
        "1 " * (LONGEST // 2),
        " ".join(str(10**14 + n) for n in range(MOST_IDENTIFIERS + 1)),
    ],
)
def test_a_search_is_bounded(text: str) -> None:
    with pytest.raises(SearchTooLong):
        parse_search(text)


@pytest.mark.parametrize("text", ["", "   ", "\u200b", ",;|", *ACCENTS])
def test_nothing_asked_for_is_nothing(text: str) -> None:
    assert parse_search(text) == Search()


@pytest.mark.one_edition
async def test_a_mistyped_check_digit_and_a_search_without_bounds_are_refused(
    db: Database, cast: Cast, web: Served
) -> None:
    await fill(db, cast)
    async with web.program(cast.acme_key) as program:
        answer = await program.get("/sims", params={"q": ICCID + "9"})
        assert answer.status_code == 422
        assert "should be 8" in answer.json()["error"]["message"]
        assert (await program.get("/sims", params={"q": "ab " * 40})).status_code == 422
    async with web.signed_in("vera") as vera:
        page = (await vera.get("/sims", params={"q": "ab " * 40})).text
        assert "A search has at most" in page
        page = (await vera.get("/sims", params={"q": f"{ICCID} {OTHER} {ICCID}9"})).text
        assert "3 identifiers looked for, 2 found, 1 not:" in " ".join(page.split())


@pytest.mark.one_edition
async def test_filters_are_normalised_or_shown_as_unknown(db: Database, cast: Cast, web: Served) -> None:
    await fill(db, cast)
    async with web.signed_in("vera") as vera:
        assert ICCID in (await vera.get("/sims", params={"label": "has", "status": "ENABLED"})).text
        page = (await vera.get("/sims", params={"country": "fr"})).text
        assert 'aria-label="Remove Country is FR"' in page
        assert "(unknown value)" not in page
        page = (await vera.get("/sims", params={"connection": "foo"})).text
        assert 'aria-label="Remove Connection is foo"' in page
        assert "(unknown value)" in page
        assert "No SIM matches" in page


@pytest.mark.one_edition
async def test_what_says_nothing_when_it_is_folded_is_what_says_nothing_to_the_database(db: Database) -> None:
    signs = [chr(code) for code in range(1, 0x20000) if unicodedata.category(chr(code)) not in ("Cs", "Cn")]
    signs += [chr(code) for code in range(0xE0000, 0xE01F0)]
    signs = [sign for sign in signs if not sign.isspace()]
    words = [normal("NFKC", sign) for sign in signs]
    query = sa.text(
        "SELECT btrim(fold_text(word)) <> '' FROM unnest(cast(:words AS text[])) WITH ORDINALITY AS one (word, place)"
        " ORDER BY place"
    )
    async with db.reading() as reading:
        said = list((await reading.execute(query, {"words": words})).scalars())
    assert [sign for sign, something in zip(signs, said, strict=True) if says_something(sign) != something] == []


@pytest.mark.one_edition
@pytest.mark.parametrize("accent", ACCENTS)
async def test_an_accent_alone_asks_for_nothing(db: Database, cast: Cast, web: Served, accent: str) -> None:
    await fill(db, cast)
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, "8988228066601000036")  # without a label
        await add_sim(transaction, cast.acme, "8988228066601000044", label="\u0345")
    async with web.program(cast.acme_key) as program, web.signed_in("vera") as vera:
        every = (await program.get("/sims")).json()["total"]
        for asked in ({"q": accent}, {"label": accent}, {"label_not": accent}, {"q": accent, "label": accent}):
            found = await program.get("/sims", params=asked)
            assert (found.status_code, found.json()["total"]) == (200, every), asked
            assert (await vera.get("/sims", params=asked)).status_code == 200
            assert (await vera.get("/find", params=asked, headers={"HX-Request": "true"})).status_code == 200
        found = await program.get("/sims", params={"q": f"{accent} {ICCID}"})
        assert [one["iccid"] for one in found.json()["items"]] == [ICCID]
