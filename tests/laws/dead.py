"""Dead code: functions, methods and classes that nothing mentions, and fields that nothing reads or nothing fills."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from tests.laws.tree import FUNCTIONS, Tree, last_name, parsed, walk

OURS = ("console/", "jobs/")
MENTIONING = (*OURS, "simulator/", "bench/", "migrations/")
LATER = re.compile(r"\w+")
IN_TEXTS = re.compile(r"\.(\w+)\b")  # of a script of Redis, of a path of JSON
EVERY = 1_000  # arguments


class Mentions(NamedTuple):
    """What a file says: names that it reads or calls, attributes that it reads, names of values that it gives."""

    names: frozenset[str]
    read: frozenset[str]
    given: frozenset[str]
    made: tuple[tuple[str, int], ...]  # what it calls, and with how many arguments without a name


@cache
def _mentions(text: str, *, joins: bool) -> Mentions:
    """Of a file; `joins`: its imports are for others."""
    names, read, given, made = set[str](), set[str](), set[str](), list[tuple[str, int]]()
    module = parsed(text)
    written = _written(module)
    for node in walk(module):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            (read if isinstance(node.ctx, ast.Load) else given).add(node.attr)
        elif isinstance(node, ast.ImportFrom) and joins:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.MatchClass):
            read |= set(node.kwd_attrs)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            read |= set(IN_TEXTS.findall(node.value))
            if " " not in node.value:  # a name that is looked up, an annotation
                names |= set(LATER.findall(node.value))
                given.add(node.value)
                if id(node) not in written:
                    read.add(node.value)
        elif isinstance(node, ast.Call):
            given |= {word.arg for word in node.keywords if word.arg}
            whole = any(isinstance(one, ast.Starred) for one in node.args) or any(
                not word.arg for word in node.keywords
            )
            made.append((last_name(node.func), EVERY if whole else len(node.args)))
    return Mentions(frozenset(names), frozenset(read), frozenset(given), tuple(made))


def _written(module: ast.Module) -> set[int]:
    """Texts that name what is stored: of columns, and of what a dictionary is made with."""
    found: set[int] = set()
    for node in walk(module):
        if isinstance(node, ast.Dict):
            found |= {id(key) for key in node.keys}
        elif isinstance(node, ast.Call) and last_name(node.func) in ("Column", "moment"):
            found |= {id(one) for one in node.args}
    return found


def _said(tree: Tree, folders: tuple[str, ...]) -> Iterator[Mentions]:
    for path, text in tree.texts.items():
        if path.startswith(folders):
            yield _mentions(text, joins=path.endswith("__init__.py"))


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in LATER.findall(text)}


@cache
def _defined(text: str) -> tuple[tuple[str, int], ...]:
    """Names of what is defined and not registered by a decorator or called by Python itself, with their lines."""
    return tuple(
        (node.name, node.lineno)
        for node in walk(parsed(text))
        if isinstance(node, (*FUNCTIONS, ast.ClassDef))
        and not node.name.startswith("__")
        and all("property" in (written := ast.unparse(one)) or "static" in written for one in node.decorator_list)
    )


def nothing_is_dead(tree: Tree) -> list[str]:
    """What is defined in console/ and jobs/ is named by other code; tests, comments and docstrings do not count."""
    mentioned = _words(tree.templates.values())
    for said in _said(tree, MENTIONING):
        mentioned |= said.names | said.read
    return [
        f"{path} defines {name}, line {line}"
        for path, text in sorted(tree.texts.items())
        if path.startswith(OURS)
        for name, line in _defined(text)
        if name not in mentioned
    ]


def fields_are_read(tree: Tree) -> list[str]:
    """A field of a class and an attribute of an object is read by other code, by a page, or described for programs."""
    read = _words(tree.templates.values()) | _words(tree.scripts.values())
    for said in _said(tree, OURS):
        read |= said.read
    return [
        f"{path} keeps {name}, line {line}"
        for path, text in sorted(tree.texts.items())
        if path.startswith(OURS)
        for name, line in _kept(text)
        if name.rpartition(".")[2] not in read
    ]


@cache
def _kept(text: str) -> tuple[tuple[str, int], ...]:
    found = [
        (f"{struct.name}.{name}", field.lineno)
        for struct in _classes(text)
        for name, field in _fields(struct)
        if "Meta(" not in ast.unparse(field.annotation)
    ]
    found += [
        (ast.unparse(node), node.lineno)
        for node in walk(parsed(text))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    ]
    return tuple(found)


def fields_are_filled(tree: Tree) -> list[str]:
    """A field with a default is given another value somewhere: else it is a constant, or nothing fills it."""
    given, most = set[str](), dict[str, int]()
    for said in _said(tree, OURS):
        given |= said.given
        for name, number in said.made:
            most[name] = max(number, most.get(name, 0))
    return [
        f"{path} never fills {struct.name}.{name}, line {field.lineno}"
        for path, text in sorted(tree.texts.items())
        if path.startswith(OURS)
        for struct in _classes(text)
        for number, (name, field) in enumerate(_fields(struct))
        if isinstance(field.value, (ast.Constant, ast.Name, ast.Attribute, ast.UnaryOp, ast.Tuple))
        and name not in given
        and most.get(struct.name, EVERY) <= number
    ]


def _classes(text: str) -> Iterator[ast.ClassDef]:
    return (node for node in walk(parsed(text)) if isinstance(node, ast.ClassDef))


def _fields(struct: ast.ClassDef) -> list[tuple[str, ast.AnnAssign]]:
    return [
        (node.target.id, node)
        for node in struct.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]
