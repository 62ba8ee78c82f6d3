"""Questions as prepared statements: asked again where the connection was gone, never answered with another's rows."""

import asyncio
import subprocess
import sys

import asyncpg  # type: ignore[import-untyped]
import pytest
import sqlalchemy as sa

from console.errors import NotReady
from console.http.known_errors import known_error
from console.settings import Settings
from console.store.database import Database, open_database
from console.store.direct_reads import Question, _questions

pytestmark = pytest.mark.one_edition
SAME = Question(
    lambda: sa.select(
        sa.bindparam("number", type_=sa.Integer).label("same"), sa.literal("fixed", sa.Text).label("fixed")
    )
)
SLOW = Question(
    lambda: sa.select(
        sa.func.pg_sleep(sa.bindparam("seconds", type_=sa.Float)),
        sa.bindparam("number", type_=sa.Integer).label("same"),
    )
)
DOCUMENT = Question(lambda: sa.select(sa.literal_column("""'{"a": [1, "ü"]}'::jsonb""").label("document")))


async def end_all(db: Database) -> None:
    """End every connection but the one that says so, as a restart of PostgreSQL does."""
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    ended += " AND pid <> pg_backend_pid()"
    other = await asyncpg.connect(db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
    try:
        await other.execute(ended)
    finally:
        await other.close()


def test_a_text_that_depends_on_the_length_of_a_list_is_refused() -> None:
    listed = Question(lambda: sa.select(sa.literal_column("1")).where(sa.column("one").in_(["a", "b"])))
    try:
        with pytest.raises(ValueError, match="lists as arrays"):
            listed.write()
    finally:
        _questions.discard(listed)  # no application that starts in this process writes it


async def test_a_question_is_answered_though_its_connections_were_ended(db: Database) -> None:
    for number in (1, 2):
        rows = await asyncio.gather(*(db.direct.row(SAME, number=10 * number + one) for one in range(9)))
        assert [(row["same"], row["fixed"]) for row in rows] == [(10 * number + one, "fixed") for one in range(9)]
        await end_all(db)
    assert (await db.direct.row(DOCUMENT))["document"] == {"a": [1, "ü"]}


async def test_who_goes_in_the_middle_of_a_question_leaves_nothing_to_the_next(db: Database) -> None:
    slow = asyncio.create_task(db.direct.row(SLOW, seconds=5.0, number=1))
    await asyncio.sleep(0.05)
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    rows = await asyncio.gather(*(db.direct.row(SAME, number=number) for number in range(8)))
    assert [row["same"] for row in rows] == list(range(8))


async def test_a_question_that_takes_too_long_is_ended_and_says_so(settings: Settings) -> None:
    db = open_database(settings.database_url, settings.redis_url, connections=1, statement_seconds=0.1)
    try:
        with pytest.raises(asyncpg.QueryCanceledError) as raised:
            await db.direct.row(SLOW, seconds=5.0, number=1)
        assert (await db.direct.row(SAME, number=7))["same"] == 7
    finally:
        await db.close()
    assert isinstance(known_error(raised.value), NotReady)


async def test_without_a_database_there_is_an_error_that_is_known(settings: Settings) -> None:
    db = open_database("postgresql+asyncpg://nobody@127.0.0.1:1/none", settings.redis_url)
    try:
        with pytest.raises(OSError) as raised:
            await db.direct.row(SAME, number=7)
    finally:
        await db.close()
    assert isinstance(known_error(raised.value), NotReady)


async def test_tables_beside_what_a_sim_is_shown_with_are_joined_by_keys(db: Database) -> None:
    """Beyond these limits PostgreSQL joins the tables of the view first, for the whole fleet: 54 ms in place of 0.8."""
    async with db.reading() as reading:
        tables = "SELECT count(*) FROM information_schema.view_table_usage WHERE view_name = 'sim_states'"
        of_view = (await reading.execute(sa.text(tables))).scalar_one() + 1  # quotas stand in it twice
        for limit in ("join_collapse_limit", "from_collapse_limit"):
            assert of_view + 2 <= int((await reading.execute(sa.text(f"SHOW {limit}"))).scalar_one()), limit


MADE = """
from console.app import create_app
from console.settings import Settings
from console.store.direct_reads import _questions

create_app(Settings(database_url="postgresql+asyncpg://x", redis_url="redis://x", secret_key="x" * 40))
print(len(_questions), sum("_compiled" in vars(question) for question in _questions))
"""


def test_the_texts_of_all_questions_are_made_with_the_application_and_not_while_somebody_waits() -> None:
    found = subprocess.run([sys.executable, "-c", MADE], capture_output=True, text=True, timeout=120, check=True)
    questions, written = map(int, found.stdout.split())
    assert written == questions > 10
