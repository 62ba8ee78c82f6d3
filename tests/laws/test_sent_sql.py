"""What tests/whose_rows.py finds in a statement, and that the exceptions of tests/sent_sql.py name what there is."""

import pytest
import sqlalchemy as sa

from console.store.database import Database
from tests import sent_sql
from tests.cast import Cast
from tests.laws.scoping import SCOPED
from tests.laws.tree import ROOT
from tests.whose_rows import unsaid

OF_SIMS = "SELECT s.iccid FROM sims s JOIN quotas q "


@pytest.mark.parametrize(
    "text",
    [
        "SELECT iccid FROM sims WHERE organization_id = $1::INTEGER AND iccid = $2",
        OF_SIMS + "ON q.organization_id = s.organization_id AND q.iccid = s.iccid WHERE s.organization_id = $1",
        OF_SIMS + "USING (organization_id, iccid) WHERE s.organization_id = $1",
        "SELECT iccid FROM sims WHERE organization_id IN ($1, $2) OR organization_id IS NULL",
        "UPDATE sims SET label = n.label FROM unnest($1::int[], $2::text[]) AS n (organization_id, label)"
        " WHERE sims.organization_id = n.organization_id",
        "WITH one AS (SELECT * FROM sims WHERE organization_id = ANY ($1)) SELECT * FROM one"
        " JOIN quotas ON quotas.organization_id = one.organization_id",
        "SELECT 1 FROM organizations o JOIN sims s ON s.organization_id = o.id WHERE o.id = $1",
        "SELECT (SELECT count(*) FROM quotas q WHERE q.organization_id = sims.organization_id) FROM sims"
        " WHERE sims.organization_id = $1",
        "INSERT INTO sims (organization_id, iccid) VALUES ($1, $2)",
        "SELECT slug FROM organizations",
        "COMMIT",
    ],
)
def test_a_statement_that_says_whose_rows_it_reads(text: str) -> None:
    assert unsaid(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("SELECT iccid FROM sims WHERE iccid = $1", ["sims"]),
        ("SELECT organization_id FROM sims", ["sims"]),
        (OF_SIMS + "ON q.iccid = s.iccid WHERE s.organization_id = $1", ["quotas"]),
        (OF_SIMS + "ON q.organization_id = s.organization_id", ["quotas", "sims"]),
        (OF_SIMS + "USING (iccid) WHERE s.organization_id = $1", ["quotas"]),
        ("SELECT iccid FROM sims WHERE organization_id = $1 OR iccid = $2", ["sims"]),
        ("SELECT iccid FROM sims WHERE NOT organization_id = $1", ["sims"]),
        ("SELECT iccid FROM sims WHERE organization_id > $1", ["sims"]),
        ("SELECT 1 FROM organizations o JOIN sims s ON s.organization_id = o.id", ["sims"]),
        ("SELECT 1 WHERE EXISTS (SELECT 1 FROM sims WHERE iccid = $1)", ["sims"]),
        ("SELECT count(*) FROM (SELECT 1 FROM sims LIMIT 5) AS some", ["sims"]),
        ("DELETE FROM sims WHERE iccid = $1", ["sims"]),
        ("UPDATE sims SET label = $1", ["sims"]),
        ("INSERT INTO sims (organization_id, iccid) SELECT organization_id, iccid FROM quotas", ["quotas"]),
        ("INSERT INTO sims (iccid) VALUES ($1)", ["sims"]),
        ("SELECT 1 FROM sims WHERE organization_id = $1 UNION ALL SELECT 1 FROM sims", ["sims"]),
    ],
)
def test_a_statement_that_does_not(text: str, names: list[str]) -> None:
    assert unsaid(text) == names


def test_each_exception_names_a_function_that_there_is() -> None:
    for one in sent_sql.REASONED:
        path, name = one.split()
        assert f"def {name}(" in (ROOT / path).read_text(), one


async def test_every_relation_with_rows_of_organizations_is_looked_for(db: Database) -> None:
    query = """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
          AND a.attname = 'organization_id' AND NOT a.attisdropped"""
    async with db.reading() as reading:
        found = set((await reading.execute(sa.text(query))).scalars())
    assert found - SCOPED == set()


@pytest.mark.one_edition
async def test_what_the_product_sends_is_looked_at(db: Database, cast: Cast) -> None:
    async def everybodys() -> None:
        async with db.reading() as reading:
            await reading.execute(sa.text("SELECT iccid FROM sims WHERE iccid <> 'x'"))

    await everybodys()
    assert sent_sql.found == [], "a test may ask for what it likes"
    product = compile("async def asked(ask):\n    await ask()\n", f"{sent_sql.ROOT}console/sims/reads.py", "exec")
    names: dict[str, object] = {}
    exec(product, names)
    async with db.engine.connect() as connection:
        statement = sa.text("SELECT iccid FROM sims WHERE iccid <> 'y'")
        await names["asked"](lambda: connection.execute(statement))  # type: ignore[operator]
    noted, sent_sql.found[:] = list(sent_sql.found), []
    assert [one.partition(" of every organization")[0] for one in noted] == ["console/sims/reads.py asked reads sims"]
