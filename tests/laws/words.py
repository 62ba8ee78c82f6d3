"""Which word is wrong in which place, by docs/glossary.md; and where names and texts break it."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.laws.tree import parsed, walk

IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
FIELDS_WITH_UNITS = re.compile(r"_(bytes|messages|seconds|percent|day)$|^sms_left$")
ROOMS = ("console", "jobs", "simulator", "bench", "tests", "migrations")
NAMES_OF_1NCE = {"house_number"}


class Wrong(NamedTuple):
    """A word that is wrong in a kind of place.

    Places: "class", "file", "name" (of functions, arguments and variables), "field" (of what is published),
    "docstring" (comments too), "text" (of pages and documents), "metric" (names), "table" (names, and columns),
    "job" (names and what pages say of them).
    """

    word: str
    place: str
    say: str
    within: str = ""  # the beginning of the paths that this holds for


METAPHORS = (
    ("told", "reported, published or sent"),
    ("untold", "unpublished"),
    ("tell", "report, publish or send"),
    ("tells", "reports, publishes or sends"),
    ("telling", "publishing"),
    ("teller", "relay"),
    ("tellers", "relays"),
    ("hear", "receive"),
    ("hears", "receives"),
    ("heard", "received"),
    ("hearing", "receiving"),
    ("house", "console"),
    ("shop", "worker context"),
    ("audience", "group"),
    ("books", "reconciliation"),
    ("errand", "action"),
    ("door", "endpoint"),
    ("doors", "endpoints"),
    ("beats", "heartbeats"),
    ("keepsakes", "secrets file"),
    ("disguise", "run-as user"),
    ("tether", "parent-death signal"),
    ("verdict", "what is found"),
)
NAMES = (
    ("book", "reconciliation"),
    ("push", "post"),
    ("pushes", "streamer"),
    ("leftovers", "orphaned process"),
    ("beat", "heartbeat"),
    ("wheel", "round robin"),
    ("pace", "rate limit"),
    ("lane", "priority"),
    ("crew", "process group"),
)
VAGUE = (
    ("forget", "delete, drop or discard"),
    ("forgets", "deletes"),
    ("redraw", "refresh"),
    ("redrawn", "refreshed"),
    ("beating", "heartbeat"),
)
IN_CODE = ("class", "file", "name", "docstring")
KEPT = ("metric", "table", "job")  # what operators and programs see of them
PHRASES = {"this account": "this organization", "at this account": "for this organization"}  # of pages: 1NCE's is meant
WRONG = (
    *(Wrong(word, place, say) for place in (*IN_CODE, "text", *KEPT) for word, say in METAPHORS),
    *(Wrong(word, place, say) for place in ("class", "file", *KEPT) for word, say in NAMES),
    *(Wrong(word, "name", say, folder) for folder in ("console/", "jobs/") for word, say in VAGUE),
    *(
        Wrong(word, place, say)
        for place in KEPT
        for word, say in (
            ("stream", "streamer"),
            ("batch", "post"),
            ("batches", "posts"),
            ("pushed", "posted"),
            ("account", "carrier"),
            ("unsaid", "unpublished"),
        )
    ),
    *(
        Wrong("account", place, say, folder)
        for place in ("class", "file", "name")
        for folder, say in (
            ("console/once/", "carrier, or what it is"),
            ("console/carrier/", "carrier"),
            ("console/organizations/", "credentials"),
            ("console/actions/", "orders"),
            ("jobs/", "carrier or credentials"),
            ("simulator/", "orders"),
        )
    ),
    Wrong("pass", "file", "permission"),
    *(
        Wrong(word, "class", say)
        for word, say in (
            ("happening", "what it is: an event, an effect"),
            ("taken", "what it is: a result"),
            ("lacking", "what is missing"),
            ("addressed", "addresses"),
            ("wanted", "request"),
            ("leaving", "deprecation"),
            ("passed", "exchange"),
            ("blame", "failed"),
        )
    ),
    *(
        Wrong("line", place, say, folder)
        for place in ("class", "file")
        for folder, say in (
            ("console/carrier/", "circuit"),
            ("console/live/", "send queue"),
            ("console/polling/", "poll queue"),
            ("tests/live/", "connection"),
            ("tests/ring/", "connection"),
            ("tests/cutting/", "connection"),
            ("tests/polling/", "queue"),
        )
    ),
    Wrong("line", "name", "circuit", "tests/once/test_circuit"),
    Wrong("line", "name", "connection", "tests/ring/"),
    Wrong("line", "name", "connection", "tests/cutting/"),
    Wrong("wheel", "name", "round robin", "tests/polling/"),
    Wrong("batch", "class", "post", "console/streamer/"),
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
)
WORDS = {wrong.word for wrong in WRONG}
SUSPECT = re.compile(rf"(?i)\b({'|'.join(word for word, _ in METAPHORS)})\b")


@cache
def _is_suspect(name: str) -> bool:
    return not WORDS.isdisjoint(words(name))


def words(name: str) -> list[str]:
    """The words of a name in any spelling, in lower case."""
    return [word.lower() for word in HUMPS.findall(name)]


def names_in(path: str, text: str) -> Iterator[tuple[str, str, str]]:
    """Every name that this Python file gives and that may have a wrong word: place, path, name."""
    yield "file", path, Path(path).stem
    if not any(_is_suspect(name) for name in set(IDENTIFIER.findall(text)) - {"pass"}):
        return
    for node in walk(parsed(text)):
        match node:
            case ast.ClassDef(name=name):
                yield "class", path, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
                yield "name", path, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield "name", path, name


def texts_in(path: str, text: str) -> Iterator[tuple[str, str, str]]:
    """Every docstring and comment of this Python file that may have a wrong word: place, path, text."""
    if not SUSPECT.search(text):
        return
    for node in walk(parsed(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield "docstring", path, ast.get_docstring(node) or ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield "docstring", path, token.string


def wrong_names(found: Iterable[tuple[str, str, str]]) -> list[str]:
    """What breaks the glossary, and what to say instead. `found`: place, path, and the name or the text."""
    return sorted(
        f"{path}: {place} {text}: not {wrong.word}, say {wrong.say}"
        for place, path, text in found
        if text not in NAMES_OF_1NCE
        for word in {*words(text)} & WORDS
        for wrong in WRONG
        if (wrong.word, wrong.place) == (word, place) and path.startswith(wrong.within)
    )


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
    phrases = [phrase for phrase in PHRASES if re.search(rf"\b{phrase}\b", text, re.IGNORECASE)]
    return phrases + [wrong.word for wrong in WRONG if wrong.place == "text" and wrong.word in found]
