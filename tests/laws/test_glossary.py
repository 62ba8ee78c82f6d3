"""Names and texts keep to docs/glossary.md: pairs of a word and the place where it is wrong."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from console.openapi.stream import document
from console.openapi.structs import STRUCTS

ROOT = Path(__file__).parents[2]
HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


class Wrong(NamedTuple):
    """A word that is wrong in a kind of place: "class", "file", "field", "text" (of templates and documents)."""

    word: str
    place: str
    say: str
    within: str = ""  # the beginning of the paths that this holds for


WRONG = (
    *(
        Wrong(word, place, say)
        for place in ("class", "file")
        for word, say in (
            ("told", "a fact, a report"),
            ("teller", "relay"),
            ("shop", "worker context"),
            ("house", "console"),
            ("audience", "group"),
            ("book", "reconciliation"),
            ("books", "reconciliation"),
            ("push", "post"),
            ("pushes", "streamer"),
            ("errand", "action"),
            ("pass", "permission"),
            ("keepsakes", "secrets file"),
            ("leftovers", "orphaned process"),
            ("tether", "parent-death signal"),
            ("tell", "publish, send or answer"),
            ("tells", "publishes, sends or answers"),
            ("receive", "receive"),
            ("hears", "receives"),
            ("heard", "received"),
            ("beat", "heartbeat"),
            ("wheel", "round robin"),
            ("pace", "rate limit"),
            ("lane", "priority"),
            ("door", "endpoint"),
            ("doors", "endpoints"),
            ("crew", "process group"),
            ("disguise", "run-as user"),
            ("verdict", "what is found"),
        )
        if (word, place) != ("pass", "class")
    ),
    Wrong("batch", "class", "post", "console/streamer/"),
    Wrong("line", "class", "circuit", "console/carrier/"),
    Wrong("line", "class", "send queue", "console/live/"),
    *(
        Wrong(word, place, "poll slot", folder)
        for word in ("turn", "turns")
        for place in ("class", "file")
        for folder in ("console/polling/", "jobs/polling/")
    ),
    Wrong("account", "file", "carrier", "console/carrier/"),
    *(
        Wrong(word, "field", say)
        for word, say in (
            ("told", "source"),
            ("well", "healthy"),
            ("needed", "required"),
            ("does", "description"),
            ("offered", "available"),
            ("sentence", "unavailable_reason"),
            ("again", "retry_at"),
            ("line", "circuit"),
            ("left", "left_bytes or left_messages"),
            ("looked", "checked_at"),
        )
    ),
    *(
        Wrong(word, "text", "plain words")
        for word in ("house", "shop", "books", "teller", "audience", "errand", "heard")
    ),
)
FIELDS_WITH_UNITS = re.compile(r"_(bytes|messages|seconds|percent|day)$|^sms_left$")


def words(name: str) -> list[str]:
    """The words of a name in any spelling, in lower case."""
    return [word.lower() for word in HUMPS.findall(name)]


def names() -> Iterator[tuple[str, str, str]]:
    """Every class and file of ours: place, path, name."""
    for top in ("console", "jobs"):
        for file in sorted((ROOT / top).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            yield "file", path, file.stem
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ClassDef):
                    yield "class", path, node.name


def published() -> dict[str, set[str]]:
    """The fields of every Struct that the API answers or the stream carries."""
    fields = {name: set(struct.__struct_fields__) for name, struct in STRUCTS.items()}
    schemas: dict[str, Any] = document("localhost", secure=False)["components"]["schemas"]
    return fields | {name: set(schema.get("properties", ())) for name, schema in schemas.items()}


def wrong_names(found: Iterator[tuple[str, str, str]]) -> list[str]:
    """What breaks the glossary, and what to say instead."""
    return [
        f"{path}: {place} {name}: say {wrong.say}"
        for place, path, name in found
        for wrong in WRONG
        if wrong.place == place and path.startswith(wrong.within) and wrong.word in words(name)
    ]


def wrong_fields(found: dict[str, set[str]]) -> list[str]:
    """Fields that break the glossary; an amount with its unit may be what is left."""
    return [
        f"{struct}.{field}: say {wrong.say}"
        for struct, fields in found.items()
        for field in fields
        for wrong in WRONG
        if wrong.place == "field" and wrong.word in words(field) and not FIELDS_WITH_UNITS.search(field)
    ]


def wrong_texts(text: str) -> list[str]:
    """Words of this text that no user reads."""
    found = set(re.findall(r"[a-z]+", text.lower()))
    return [wrong.word for wrong in WRONG if wrong.place == "text" and wrong.word in found]


def test_classes_and_files_are_named_by_the_glossary() -> None:
    assert wrong_names(names()) == []


def test_public_fields_are_named_by_the_glossary() -> None:
    assert wrong_fields(published()) == []


def test_what_users_read_is_written_in_words_of_the_glossary() -> None:
    templates = {path.name: path.read_text() for path in sorted((ROOT / "templates").rglob("*.html"))}
    texts = {**templates, "asyncapi": msgspec.json.encode(document("localhost", secure=False)).decode()}
    assert {name: found for name, text in texts.items() if (found := wrong_texts(text))} == {}


def test_structs_of_the_api_are_those_of_the_glossary() -> None:
    expected = {"NetworkEvent", "JobRun", "UsageBucket", "StatusChange", "SimState", "Quota", "Sms", "HealthCheck"}
    assert expected | {"CarrierStatus", "PollingShare"} <= set(STRUCTS)
    assert {name for name in published() if name.endswith("Told")} == set()


@pytest.mark.parametrize(
    ("place", "path", "name"),
    [
        ("class", "console/facts/jobs.py", "JobRunTold"),
        ("file", "jobs/shop.py", "shop"),
        ("class", "console/streamer/writes.py", "StreamBatch"),
        ("class", "console/once/http/rate_limit.py", "Pace"),
        ("file", "console/auth/doors.py", "doors"),
    ],
)
def test_a_wrong_name_is_found(place: str, path: str, name: str) -> None:
    assert wrong_names(iter([(place, path, name)]))


def test_a_word_may_be_right_elsewhere() -> None:
    assert not wrong_names(iter([("class", "console/once/streamer/records.py", "Batch")]))
    assert not wrong_fields({"Quota": {"left_bytes"}})
    assert wrong_fields({"Quota": {"left"}})
    assert wrong_texts("Is the house well?") == ["house"]
