"""Laws of values: facts carry states, times and amounts are explicit, an ICCID has one parser, a role one judge."""

import ast
import re
from collections.abc import Iterator

from tests.laws.tree import FUNCTIONS, calls, in_each_file, last_name, texts, walk

OURS = ("console/", "jobs/")
INCREMENT = re.compile(r"(^|_)(delta|increment|decrement|added|removed|diff|difference|more|less|plus|minus)(_|$)")
UNITLESS = re.compile(
    r"(^|_)(volume|size|length|duration|timeout|delay|interval|elapsed|memory|traffic|amount|age|ttl|bandwidth)$"
)
COUNTED = {"page_size"}  # in items
ADVISORY = re.compile(r"pg_(try_)?advisory_")
ICCID_PATTERN = re.compile(r"(\\d|\[0-9\])\{(1[7-9]|20)(,\s*\d*)?\}")


def _structs(module: ast.Module) -> Iterator[ast.ClassDef]:
    for node in walk(module):
        if isinstance(node, ast.ClassDef) and any(last_name(base) == "Struct" for base in node.bases):
            yield node


def _fields(struct: ast.ClassDef) -> dict[str, str]:
    return {
        node.target.id: ast.unparse(node.annotation)
        for node in struct.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


@in_each_file("console/facts/")
def facts_carry_states(path: str, module: ast.Module) -> Iterator[str]:
    """Law 4: a fact has its time, its subject and the thing's new state, frozen; nowhere an increment."""
    for struct in _structs(module):
        fields, options = _fields(struct), {word.arg for word in struct.keywords}
        yield from (f"{path} {struct.name}.{name} is an increment" for name in fields if INCREMENT.search(name))
        if "frozen" not in options:
            yield f"{path} {struct.name} can be changed"
        if "tag" in options:
            yield from (
                f"{path} {struct.name} lacks {name}" for name in ("time", "subject", "data") if name not in fields
            )


@in_each_file(*OURS)
def amounts_and_times_are_explicit(path: str, module: ast.Module) -> Iterator[str]:
    """Law 7: moments know their zone, bytes are whole numbers, and a field's name says its unit."""
    for call in calls(module):
        if fault := _fault_of(call):
            yield f"{path} {ast.unparse(call)}: {fault}"
    if path.startswith("console/once/"):
        return  # 1NCE's own names
    for struct in _structs(module):
        for name, annotation in _fields(struct).items():
            number = re.search(r"\b(int|float)\b", annotation)
            if number and name not in COUNTED and UNITLESS.search(name):
                yield f"{path} {struct.name}.{name} does not say its unit"
            if name.endswith("_bytes") and "float" in annotation:
                yield f"{path} {struct.name}.{name} is no whole number"
            if name.endswith("_at") and re.search(r"\b(int|float|str)\b", annotation):
                yield f"{path} {struct.name}.{name} is no datetime"


def _fault_of(call: ast.Call) -> str | None:
    name = last_name(call.func)
    zone = any(word.arg in ("timezone", "tz") for word in call.keywords)
    of_datetime = isinstance(call.func, ast.Attribute) and last_name(call.func.value) == "datetime"
    if name == "DateTime" and not zone and not call.args:
        return "a column without a zone"
    if name == "Column":
        if any(isinstance(one, ast.Attribute | ast.Name) and last_name(one) == "DateTime" for one in call.args):
            return "a column without a zone"
        named = call.args and isinstance(call.args[0], ast.Constant) and str(call.args[0].value).endswith("_bytes")
        return "bytes that are no whole numbers" if named and "Float" in ast.unparse(call) else None
    naive = name in ("utcnow", "utcfromtimestamp") or (name == "now" and of_datetime and not call.args and not zone)
    naive = naive or (name == "fromtimestamp" and of_datetime and len(call.args) < 2 and not zone)
    return "a moment without a zone" if naive else None


@in_each_file(*OURS)
def an_iccid_has_one_parser(path: str, module: ast.Module) -> Iterator[str]:
    """Law 9: no other file recognises an ICCID by a pattern, its length or its check digit."""
    if path == "console/iccid.py":
        return
    yield from (f"{path} takes {name}, line {line}" for name, line in _lengths(module))
    yield from (f"{path} has the pattern {text[:80]!r}" for text, _ in texts(module) if ICCID_PATTERN.search(text))
    for node in walk(module):
        if isinstance(node, FUNCTIONS) and "luhn" in node.name.lower():
            yield f"{path} {node.name}: a check digit of its own"
        if isinstance(node, ast.Compare) and "len(" in ast.unparse(node):
            numbers = {one.value for one in walk(node) if isinstance(one, ast.Constant)}
            if numbers & {18, 19, 20} and "iccid" in ast.unparse(node).lower():
                yield f"{path} compares {ast.unparse(node)}"


def _lengths(module: ast.Module) -> Iterator[tuple[str, int]]:
    """The length of ICCIDs, taken from their parser or given as a bound of one's own."""
    for node in walk(module):
        if isinstance(node, ast.ImportFrom) and node.module == "console.iccid":
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name == "LENGTH")
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "iccid.LENGTH":
            yield "iccid.LENGTH", node.lineno
        elif isinstance(node, ast.keyword) and ast.unparse(node) in ("min_length=18", "min_length=19", "min_length=20"):
            yield ast.unparse(node), node.value.lineno


@in_each_file(*OURS)
def advisory_locks_are_in_one_table(path: str, module: ast.Module) -> Iterator[str]:
    """No other file asks PostgreSQL for an advisory lock: two uses of one number would wait for each other."""
    if path == "console/store/locks.py":
        return
    for node in walk(module):
        if isinstance(node, ast.Attribute) and ADVISORY.match(node.attr):
            yield f"{path} calls {node.attr}, line {node.lineno}"
    yield from (f"{path} says {text[:80]!r}" for text, _ in texts(module) if ADVISORY.search(text))


@in_each_file("console/")
def one_place_decides_who_may(path: str, module: ast.Module) -> Iterator[str]:
    """Law 10: roles are compared in one file of rules; everybody else asks it."""
    if path in ("console/organizations/rules.py",):
        return
    for node in walk(module):
        if isinstance(node, ast.Compare):
            sides = [side for side in (node.left, *node.comparators) if isinstance(side, ast.Attribute)]
            if any(side.attr == "role" or last_name(side.value) == "Role" for side in sides):
                yield f"{path} compares {ast.unparse(node)}, line {node.lineno}"


@in_each_file("console/")
def addresses_decide_nothing(path: str, module: ast.Module) -> Iterator[str]:
    """How a request is answered, logged or allowed depends on its route's options, not on how its path reads."""
    for node in walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("startswith", "endswith", "removeprefix") and _is_path(node.func.value):
                yield f"{path} asks {ast.unparse(node)}, line {node.lineno}"
        elif isinstance(node, ast.Compare):
            sides = (node.left, *node.comparators)
            if any(map(_is_path, sides)) and any(text.startswith("/") for text, _ in texts(node)):
                yield f"{path} compares {ast.unparse(node)}, line {node.lineno}"


def _is_path(node: ast.AST) -> bool:
    """`path`, `….path`, `…["path"]`, `….raw_path`: of a request, as far as one can see."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value in ("path", "raw_path")
    return last_name(node) in ("path", "raw_path")
