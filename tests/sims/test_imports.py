"""Files of tags, notes and custom fields: every change is shown before, applied as a whole, and undone as a whole."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from console.api_keys.writes import put_key
from console.audit.tables import lines as audit_lines
from console.errors import Invalid
from console.organizations.rules import PERMISSIONS, Role
from console.sims import reads
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import MOST_IMPORTS, annotate
from console.sims.importing import LARGEST, MOST_ROWS, read_file
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = datetime.now(UTC)
FILE = f"""iccid;tags;note;field.Site;label
="{ADAS_SIM}";Pump, Cold store;;Berlin;x
{ADAS_OTHER_SIM};;;;
{EVES_SIM};pump;;;
898822;pump;;;
{ADAS_SIM};pump;;;
8988228066600000003;{"t" * 50};;;
"""


async def annotated(db: Database, cast: Cast, iccid: str) -> tuple[list[str], str | None, dict[str, str], int]:
    async with db.reading() as reading:
        sim = await reads.one(reading, cast.acme, iccid)
    assert sim
    return sim.tags, sim.note, sim.custom_fields, sim.edits


async def edit(db: Database, cast: Cast, iccid: str, **changes: str) -> None:
    async with db.transaction() as transaction:
        await annotate(transaction, cast.acme, iccid, AnnotationChanges(**changes), "vera", NOW)  # type: ignore[arg-type]


async def test_a_file_is_seen_applied_once_and_undone_as_a_whole(web: Served, db: Database, cast: Cast) -> None:
    await edit(db, cast, ADAS_SIM, note="on the roof")
    async with web.signed_in("otto") as otto:
        otto.follow_redirects = True
        page = await otto.get("/sim-imports")
        assert "No file has been imported yet" in page.text
        made = await otto.post("/sim-imports", data={"csv": FILE})
        assert made.status_code == 200
        address = made.url.path
        assert "Would change 1 SIM" in made.text
        assert "labels-passed-over" in made.text
        shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", made.text))
        assert "tags none cold-store, pump" in shown
        assert "note on the roof none" in shown
        assert "site none Berlin" in shown
        assert "1 line says what is so already; passed over: label" in shown
        for line, error in ((4, "no SIM with this ICCID"), (5, ""), (6, "on line 2 too"), (7, "at most 40 characters")):
            assert re.search(rf" {line} [^<]*{error}", shown), (line, error)
        assert await annotated(db, cast, ADAS_SIM) == ([], "on the roof", {}, 1), "nothing yet"
        applied = await otto.post(f"{address}/apply")
        assert "Changed 1 SIM" in applied.text
        assert await annotated(db, cast, ADAS_SIM) == (["cold-store", "pump"], None, {"site": "Berlin"}, 2)
        assert (await otto.post(f"{address}/apply")).status_code == 409
        undone = await otto.post(f"{address}/undo")
        assert "undone by" in undone.text
        assert await annotated(db, cast, ADAS_SIM) == ([], "on the roof", {}, 3)
        assert (await otto.post(f"{address}/undo")).status_code == 409
    async with db.reading() as reading:
        query = sa.select(audit_lines.c.action, audit_lines.c.outcome).where(audit_lines.c.action.like("import.%"))
        found = [tuple(row) for row in await reading.execute(query.order_by(audit_lines.c.id))]
        c = audit_lines.c
        query = sa.select(c.action, c.before, c.after).where(c.subject == ADAS_SIM, c.action.like("import.%"))
        of_sim = [tuple(row) for row in await reading.execute(query.order_by(c.id))]
    assert found == [
        ("import.plan", "done"), ("import.apply", "done"), ("import.apply", "done"), ("import.apply", "refused"),
        ("import.undo", "done"), ("import.undo", "done"), ("import.undo", "refused"),
    ]  # fmt: skip
    before = {"tags": [], "note": "on the roof", "custom_fields": {}}
    after = {"tags": ["cold-store", "pump"], "note": None, "custom_fields": {"site": "Berlin"}}
    assert of_sim == [("import.apply", before, after), ("import.undo", after, before)]
    async with web.signed_in("vera") as vera:
        assert (await vera.get("/sim-imports")).status_code == 403
    async with web.signed_in("eve") as eve:
        assert (await eve.get(address)).status_code == 404
        assert (await eve.post(f"{address}/undo")).status_code == 404


async def test_what_was_edited_meanwhile_is_not_overwritten(web: Served, db: Database, cast: Cast) -> None:
    text = f"iccid,note\r\n{ADAS_SIM},one\r\n{ADAS_OTHER_SIM},two\r\n"
    async with web.signed_in("otto") as otto:
        otto.follow_redirects = True
        first = (await otto.post("/sim-imports", data={"csv": text})).url.path
        await edit(db, cast, ADAS_SIM, note="by hand")
        refused = await otto.post(f"{first}/apply")
        assert refused.status_code == 412
        assert "changed since the file was read" in refused.text
        assert (await annotated(db, cast, ADAS_OTHER_SIM))[1] is None, "all or none"
        second = (await otto.post("/sim-imports", data={"csv": text})).url.path
        answers = await asyncio.gather(*(otto.post(f"{second}/apply") for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        await edit(db, cast, ADAS_SIM, note="by hand again")
        undone = await otto.post(f"{second}/undo")
    assert "1 SIM was edited after" in undone.text
    assert (await annotated(db, cast, ADAS_SIM))[1] == "by hand again"
    assert (await annotated(db, cast, ADAS_OTHER_SIM))[1] is None


async def test_an_exported_list_changes_nothing_as_it_is_and_what_is_changed_in_it(
    web: Served, db: Database, cast: Cast
) -> None:
    async with db.transaction() as transaction:
        changes = AnnotationChanges(tags=["a", "b"], note="=1+1", custom_fields={"site": "-x"})
        await annotate(transaction, cast.acme, ADAS_SIM, changes, "ada", NOW)
    async with web.signed_in("otto") as otto:
        otto.follow_redirects = True
        for kind in ("spreadsheet", "csv"):
            exported = (await otto.get(f"/sims/export?format={kind}")).content.decode("utf-8")
            file = read_file(exported)
            assert (file.columns, file.errors) == (["tags", "note", "custom_fields"], [])
            made = await otto.post("/sim-imports", data={"csv": exported})
            assert "No SIM is changed by this file" in made.text, kind
            assert "A label stands at 1NCE: to change one is an action" in made.text, "why labels were passed over"
        made = await otto.post("/sim-imports", data={"csv": exported.replace("a, b", "a, c")})
        assert "Would change 1 SIM" in made.text
        refused = await otto.post("/sim-imports", data={"csv": "label\nx"})
        assert refused.status_code == 422
        assert "one of them is iccid" in refused.text


async def test_programs_import_too_and_so_many_are_kept(web: Served, db: Database, cast: Cast) -> None:
    async with web.program(cast.acme_key) as viewer:
        assert (await viewer.post("/sim-imports", json={"csv": "iccid,note\n1,2"})).status_code == 403
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "importer", PERMISSIONS[Role.ADMIN], NOW)
    async with web.program(key) as program:
        text = "iccid,note\n" + "".join(f"{ADAS_SIM[:-1]}{number},{number}\n" for number in (1, 2))
        for _ in range(MOST_IMPORTS + 1):
            made = (await program.post("/sim-imports", json={"csv": text})).json()
        found = (await program.get("/sim-imports")).json()["items"]
        assert len(found) == MOST_IMPORTS
        assert (found[0]["id"], found[0]["changes"], found[0]["sims"]) == (made["id"], [], 2)
        one = (await program.get(f"/sim-imports/{made['id']}")).json()
        assert [(change["row"], change["before"]["note"], change["after"]["note"]) for change in one["changes"]] == [
            (2, None, "1"), (3, None, "2"),
        ]  # fmt: skip
        applied = await program.post(f"/sim-imports/{made['id']}/apply")
        assert applied.json()["state"] == "applied"
        assert (await program.post(f"/sim-imports/{made['id']}/undo")).json()["not_undone"] == 0
        assert (await program.post(f"/sim-imports/{found[1]['id']}/apply")).status_code == 412
    assert (await annotated(db, cast, ADAS_OTHER_SIM))[1] is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "names the columns"),
        ("iccid,iccid,note\n", "names the columns"),
        ("iccid,label\n", "No column can be changed"),
        ("iccid,note,note\n", "twice"),
        ("iccid,field.9\n", "can't name a custom field"),
        ("iccid,note\n" + "8988228066600000001,x\n" * (MOST_ROWS + 1), "divide it"),
        ("iccid,note\n" + "x" * LARGEST, "at most"),
        ("iccid,note\n8988228066600000001,\ufffd", "UTF-8"),
        (f"iccid,note\n8988228066600000001,{'x' * 200_000}", "no CSV"),
        (
            'iccid,note\n8988228066600000001,a\n8988228066600000002,"b\n8988228066600000003,c\n',
            "Line 3 .* closed nowhere",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read_file(text)


def test_a_line_says_what_is_there_afterwards() -> None:
    text = '\ufefficcid\ttags\tcustom_fields\tfield.site\n8988228066600000001\t"a\nb"\t{"customer": "Acme"}\t\n'
    file = read_file(text)
    assert file.errors == []
    (row,) = file.rows
    assert row.line == 2
    assert row.whole
    assert row.changes.custom_fields == {"customer": "Acme", "site": None}
    faults = read_file('iccid,custom_fields\n8988228066600000001,{"a": 1}\n8988228066600000002,{},x\n').errors
    assert [(one.line, one.error[:16]) for one in faults] == [(2, "custom_fields is"), (3, "It has 3 cells, ")]


@pytest.mark.parametrize("before", ["\ufeff\ufeff", "\u200b", "sep=;\r\n", '\ufeff"sep=;"\n'])
def test_what_programs_put_before_the_first_line_is_passed_over(before: str) -> None:
    lines = before.count("\n")
    file = read_file(before + "iccid;note\n8988228066600000001;a, b, c, d\n898822;x\n")
    assert [(row.line, row.changes.note) for row in file.rows] == [(2 + lines, "a, b, c, d")]
    assert [one.line for one in file.errors] == [3 + lines]
