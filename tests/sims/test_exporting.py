"""A list of SIMs as a file: all that match, in the list's order, as the list shows them."""

import csv
import io
import json
import re
from urllib.parse import parse_qsl

import pytest

from console.http.csv_lines import LongNumber
from console.http.list_files import MARK, Format
from console.sims.exporting import FIELDS, export_parts
from console.sims.rules import SimFilter, parse_sort
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
ICCIDS = [f"8988228066610000{number:03d}" for number in range(60)]


async def put(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        for number, iccid in enumerate(ICCIDS):
            await add_sim(
                transaction,
                cast.acme,
                iccid,
                label=f"=pump {number % 7}, \u00fc",
                imsi=f"90140510000{number:04d}",
                connection="online",
                operator="Orange",
                country="FR",
            )


async def test_a_file_has_every_sim_of_the_list_and_no_other(web: Served, db: Database, cast: Cast) -> None:
    await put(db, cast)
    query = "country=FR&operator=Orange&sort=-label&page_size=25"
    async with web.signed_in("ada") as ada, web.signed_in("vera") as vera:
        sheet = await ada.get(f"/sims/export?{query}")
        assert sheet.headers["content-disposition"].startswith('attachment; filename="sims-')
        assert sheet.text.startswith(MARK + "iccid,")
        rows = list(csv.DictReader(io.StringIO(sheet.text.removeprefix(MARK))))
        everything = f"/sims?{query.replace('25', '100')}"
        listed = re.findall(r'data-pick="(\d+)"', (await ada.get(everything, headers={"X-Rows": "100"})).text)
        assert [row["iccid"] for row in rows] == [f'="{iccid}"' for iccid in listed]
        assert set(listed) == set(ICCIDS)
        imsi = f"90140510000{int(listed[0][-3:]):04d}"
        assert (rows[0]["label"], rows[0]["imsi"]) == ("'=pump 6, \u00fc", f'="{imsi}"')
        assert rows[0]["confirmed_at"].endswith("Z")
        plain = (await vera.get(f"/sims/export?{query}&format=csv")).text
        row = next(csv.DictReader(io.StringIO(plain)))
        assert (row["iccid"], row["imsi"]) == (listed[0], "\u2026" + imsi[-4:])
        lines = (await vera.get("/sims/export?format=ndjson")).text
        found = {json.loads(line)["iccid"]: json.loads(line) for line in lines.splitlines()}
        assert {*ICCIDS, ADAS_SIM} <= set(found)
        assert EVES_SIM not in found
        assert found[ICCIDS[0]]["imsi"] == "\u20260000"
        assert (await ada.get(f"/sims/export?q={'1,' * 20_000}")).status_code in (400, 422)
        assert (await ada.get("/sims/export?format=xls")).status_code == 400
        link = re.search(r'href="(/sims/export[^"]*)"', (await ada.get(f"/sims?{query}")).text)
        assert link is not None
        asked = dict(parse_qsl(link[1].replace("&amp;", "&").partition("?")[2]))
        assert asked == {"country": "FR", "operator": "Orange", "sort": "-label"}
        trail = (await ada.get("/audit", params={"action": "sims.export"})).text
        assert "Export a list of SIMs" in trail
        assert "country=FR" in trail


async def test_a_file_is_read_in_parts_and_a_sim_that_moves_meanwhile_is_written_once(db: Database, cast: Cast) -> None:
    await put(db, cast)
    sort = parse_sort("-label")
    parts = export_parts(db, await db.replica.moment(), cast.acme, SimFilter(), sort, Format.CSV, list, at_once=25)
    first = [await anext(parts), await anext(parts)]
    moving = first[1].decode().splitlines()[0][:19]
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, moving, label="!last")
    rest = [part async for part in parts]
    text = b"".join([*first, *rest]).decode()
    iccids = [row["iccid"] for row in csv.DictReader(io.StringIO(text))]
    assert text.splitlines()[0].split(",") == FIELDS
    assert len(iccids) == len(set(iccids))
    assert set(ICCIDS) <= set(iccids)


def test_only_digits_stand_in_a_formula() -> None:
    assert str(LongNumber("8988228066610000001")) == '="8988228066610000001"'
    for other in ('1";HYPERLINK("x', "", "\u0661", "-1"):
        with pytest.raises(ValueError, match="only digits"):
            LongNumber(other)
