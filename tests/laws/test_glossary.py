"""Names and texts keep to docs/glossary.md: pairs of a word and the place where it is wrong."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import Counter, Gauge, Histogram

from console import metrics
from console.migrate import metadata
from console.openapi.stream import document
from console.openapi.structs import STRUCTS
from console.runs.schedule import JOBS
from tests.laws.tree import parsed, walk
from tests.laws.words import ROOMS, names_in, texts_in, wrong_fields, wrong_names, wrong_texts

pytestmark = pytest.mark.xdist_group("laws")  # one process alone keeps the syntax trees: a million objects

ROOT = Path(__file__).parents[2]
ABOUT_WORDS = {"tests/laws/words.py", "tests/laws/test_glossary.py"}


def files() -> Iterator[tuple[str, str]]:
    """Every Python file of ours but those that hold the wrong words: path and text."""
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            if path not in ABOUT_WORDS:
                yield path, file.read_text()


def documents() -> Iterator[tuple[str, str]]:
    """What people read: pages, their scripts, and the documents."""
    yield "asyncapi.json", msgspec.json.encode(document("localhost", secure=False)).decode()
    yield from ((name, (ROOT / name).read_text()) for name in ("README.md", "CHANGELOG.md"))
    for folder, suffix in (("templates", "html"), ("static/js", "js"), ("docs", "md")):
        for file in sorted((ROOT / folder).rglob(f"*.{suffix}")):
            yield file.relative_to(ROOT).as_posix(), file.read_text()


def published() -> dict[str, set[str]]:
    """The fields of every Struct that the API answers or the stream carries."""
    fields = {name: set(struct.__struct_fields__) for name, struct in STRUCTS.items()}
    schemas: dict[str, Any] = document("localhost", secure=False)["components"]["schemas"]
    return fields | {name: set(schema.get("properties", ())) for name, schema in schemas.items()}


def measured() -> Iterator[tuple[str, str]]:
    """Each metric as Prometheus names it, and its help."""
    for collector in vars(metrics).values():
        if isinstance(collector, Counter | Gauge | Histogram):
            for family in collector.describe():
                yield family.name, family.documentation


def test_metrics_are_named_by_the_glossary() -> None:
    found = list(measured())
    assert len(found) > 40
    assert wrong_names(("metric", "console/metrics.py", name) for name, _ in found) == []
    assert {name: wrong for name, said in found if (wrong := wrong_texts(said))} == {}


def test_tables_and_columns_are_named_by_the_glossary() -> None:
    named = [(table.name, *(column.name for column in table.c)) for table in metadata.sorted_tables]
    assert len(named) > 80
    assert wrong_names(("table", names[0], name) for names in named for name in names) == []


def test_jobs_and_what_pages_say_of_them_keep_to_the_glossary() -> None:
    texts = [(job.name, text) for job in JOBS for text in (job.name, job.title, job.description, job.every)]
    assert wrong_names(("job", name, text) for name, text in texts) == []


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("metric", "console_streamer_batches_total"),
        ("metric", "console_changes_unsaid_total"),
        ("table", "stream_health"),
        ("table", "quota_books"),
        ("table", "account_operations"),
        ("job", "take_stream"),
        ("job", "Takes in what 1NCE's Data Streamer has pushed"),
    ],
)
def test_a_wrong_word_of_a_metric_a_table_or_a_job_is_found(place: str, name: str) -> None:
    assert wrong_names([(place, "", name)])


def test_classes_files_functions_and_variables_are_named_by_the_glossary() -> None:
    assert wrong_names(one for path, text in files() for one in names_in(path, text)) == []


def test_docstrings_and_comments_are_written_in_words_of_the_glossary() -> None:
    assert wrong_names(one for path, text in files() for one in texts_in(path, text)) == []


def test_no_docstring_of_a_constructor_says_only_that_nothing_has_happened_yet() -> None:
    fillers = [
        f"{path}: {docstring}"
        for path, text in files()
        for node in walk(parsed(text))
        if isinstance(node, ast.FunctionDef) and node.name == "__init__"
        if (docstring := ast.get_docstring(node) or "").startswith("Nothing ")
    ]
    assert fillers == []


def test_public_fields_are_named_by_the_glossary() -> None:
    assert wrong_fields(published()) == []


def test_what_users_read_is_written_in_words_of_the_glossary() -> None:
    assert {name: found for name, text in documents() if (found := wrong_texts(text))} == {}


def test_structs_of_the_api_are_those_of_the_glossary() -> None:
    expected = {"NetworkEvent", "JobRun", "UsageBucket", "StatusChange", "SimState", "Quota", "Sms", "HealthCheck"}
    assert expected | {"CarrierStatus", "PollingShare"} <= set(STRUCTS)
    assert {name for name in published() if name.endswith("Told")} == set()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("console/facts/jobs.py", "class JobRunTold: pass"),
        ("jobs/shop.py", ""),
        ("console/streamer/writes.py", "class StreamBatch: pass"),
        ("console/once/http/rate_limit.py", "class Pace: pass"),
        ("console/auth/doors.py", ""),
        ("tests/store/test_outbox.py", "async def told(): pass"),
        ("tests/live/test_several.py", "heard = [one for one in range(3)]"),
        ("tests/cutting/proxy.py", "class Line: pass"),
        ("tests/once/test_circuit.py", "def test_the_line_is_open(): pass"),
        ("jobs/intake/posts.py", "class Taken: pass"),
        ("simulator/api/orders.py", "self.house = 1"),
        ("console/once/orders.py", "class AccountOperations: pass"),
        ("jobs/polling/clients.py", "account = 1"),
        ("jobs/recording.py", "beating = 1"),
        ("console/sms/writes.py", "def forget_messages(): pass"),
    ],
)
def test_a_wrong_name_is_found(path: str, text: str) -> None:
    assert wrong_names(names_in(path, text))


@pytest.mark.parametrize(
    "text", ['"""What is told of a SIM."""', "x = 1  # as a door hears it", "class A:\n    'The books.'"]
)
def test_a_wrong_word_in_a_docstring_or_a_comment_is_found(text: str) -> None:
    assert wrong_names(texts_in("console/sims/reads.py", text))


def test_a_word_may_be_right_elsewhere() -> None:
    assert not wrong_names([("class", "console/once/streamer/records.py", "Batch")])
    assert not wrong_names(names_in("console/once/wire/orders.py", "house_number = 1"))
    assert not wrong_names(names_in("console/log.py", "def line(): pass"))
    assert not wrong_names(texts_in("console/sims/reads.py", "at = file.tell()"))
    assert not wrong_fields({"Quota": {"left_bytes"}})
    assert wrong_fields({"Quota": {"left"}})
    assert wrong_texts("Is the house well?") == ["house"]
    assert wrong_texts("What 1NCE offers this account") == ["this account"]
    assert not wrong_texts("Your account. What an account at 1NCE costs.")
