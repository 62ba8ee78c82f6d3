"""Laws of changes: who changes rows, who publishes, who asks for jobs."""

import ast
import re
from collections.abc import Iterator

from tests.laws.tree import FUNCTIONS, Tree, calls, in_each_file, last_name, parsed, role, texts, walk

OURS = ("console/", "jobs/")
STORE = "console/store/"
CHANGING = frozenset(
    {
        *("insert", "update", "delete", "upsert_changed", "insert_once", "executemany"),
        *("copy_records_to_table", "copy_to_table", "prune_time_series"),
    }
)
SQL = re.compile(
    r"\b(INSERT\s+INTO|UPDATE\s+[\w\".{}]+\s+SET|DELETE\s+FROM|TRUNCATE|MERGE\s+INTO|ALTER\s+\w+|DROP\s+\w+"
    r"|CREATE\s+(OR\s+REPLACE\s+)?(TEMP(ORARY)?\s+|UNIQUE\s+)?"
    r"(TABLE|INDEX|VIEW|FUNCTION|TRIGGER|DATABASE|ROLE|TYPE|EXTENSION)"
    r"|COPY\s+\w+\s+FROM|GRANT\s+[\w, ]+\s(ON|TO)\s+\w+|REVOKE\s+[\w, ]+\s(ON|FROM)\s+\w+)\b",
    re.IGNORECASE,
)
# `update` of these is a change in memory.
IN_MEMORY = re.compile(r"(dict|set|Counter|defaultdict|hashlib\.\w+|hmac\.\w+)\b")


@in_each_file(*OURS)
def only_writes_change_rows(path: str, module: ast.Module) -> Iterator[str]:
    """Law 2: a call whose last name changes rows, or a text of SQL that does, is in a file of writes or excepted."""
    if role(path) == "writes":
        return
    memory = set(_in_memory(module))
    for call in calls(module):
        receiver = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if last_name(call.func) in CHANGING and receiver not in memory and "redis" not in receiver:
            yield f"{path} calls {ast.unparse(call.func)}, line {call.lineno}"
    for text, line in texts(module):
        if hit := SQL.search(text):
            yield f"{path} says {' '.join(hit[0].split())}, line {line}"


def _in_memory(module: ast.Module) -> Iterator[str]:
    """Names of this file that are dicts, sets or hashes by annotation or by what they are made of."""
    for node in walk(module):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            if IN_MEMORY.match(ast.unparse(node.annotation)):
                yield ast.unparse(node.target) if isinstance(node, ast.AnnAssign) else node.arg
        elif isinstance(node, ast.Assign):
            made = isinstance(node.value, ast.Dict | ast.Set | ast.DictComp | ast.SetComp)
            if made or (isinstance(node.value, ast.Call) and IN_MEMORY.match(ast.unparse(node.value.func))):
                yield from (ast.unparse(target) for target in node.targets)


@in_each_file(*OURS)
def writes_take_the_transaction(path: str, module: ast.Module) -> Iterator[str]:
    """Law 2: in a file of writes each function that executes a statement takes the transaction first.

    A private one that is not async can't execute what it builds.
    """
    if role(path) != "writes":
        return
    for function in walk(module):
        if not isinstance(function, FUNCTIONS):
            continue
        if isinstance(function, ast.FunctionDef) and function.name.startswith("_"):
            continue
        executes = any(last_name(call.func) in {"execute", *CHANGING} - {"update"} for call in calls(function))
        arguments = [*function.args.posonlyargs, *function.args.args]
        first = arguments[0].annotation if arguments else None
        if executes and (first is None or "Transaction" not in ast.unparse(first)):
            yield f"{path} {function.name}: its first parameter is not the transaction"


@in_each_file(*OURS)
def transactions_are_opened_in_the_store(path: str, module: ast.Module) -> Iterator[str]:
    """Law 2: connections that can write are opened by console/store/ alone."""
    if path.startswith(STORE):
        return
    for call in calls(module):
        opener = ast.unparse(call.func)
        if re.search(r"engine\.(begin|connect)$", opener):
            yield f"{path} calls {opener}, line {call.lineno}"


def only_the_transaction_publishes(tree: Tree) -> list[str]:
    """Law 3: only console/store/ touches the outbox and Redis channels; all others ask the transaction."""
    appending = {
        function.name
        for path, text in tree.texts.items()
        if path.startswith(STORE)
        for function in walk(parsed(text))
        if isinstance(function, FUNCTIONS)
        for call in calls(function)
        if last_name(call.func) == "insert" and call.args and last_name(call.args[0]) in ("outbox", "job_requests")
    }
    found = [] if appending else [f"{STORE} has no function that appends to the outbox"]
    for name, violation in _calls_outside_the_store(tree):
        if name in appending:
            found.append(violation)
    return found + _sends_to_redis(tree)


@in_each_file(*OURS)
def _sends_to_redis(path: str, module: ast.Module) -> Iterator[str]:
    if path.startswith(STORE):
        return
    for call in calls(module):
        name = last_name(call.func)
        receiver = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if name in ("spublish", "xadd") or (name == "publish" and not receiver.endswith("transaction")):
            yield f"{path} calls {ast.unparse(call.func)}, line {call.lineno}"
    for text, line in texts(module):
        if hit := re.search(r"\b(S?PUBLISH|XADD)\b", text):
            yield f"{path} says {hit[0]}, line {line}"


def _calls_outside_the_store(tree: Tree) -> Iterator[tuple[str, str]]:
    for path, text in tree.texts.items():
        if path.startswith(OURS) and not path.startswith(STORE):
            for call in calls(parsed(text)):
                yield last_name(call.func), f"{path} calls {ast.unparse(call.func)}, line {call.lineno}"


@in_each_file(*OURS)
def jobs_are_asked_for_by_rows(path: str, module: ast.Module) -> Iterator[str]:
    """Law 8: nobody but console/store/ hands a job to the queue; all others ask the transaction."""
    if path.startswith(STORE):
        return
    for call in calls(module):
        receiver = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        name = last_name(call.func)
        if (
            name == "enqueue"
            or (name in ("apply", "map") and "queue" in receiver)
            or (name == "later" and not receiver.endswith("transaction"))
        ):
            yield f"{path} calls {ast.unparse(call.func)}, line {call.lineno}"
