"""Law of commands: whoever lets people or programs change something runs it through acting, by a name of the table."""

import ast
from collections.abc import Iterator

from tests.laws.tree import FUNCTIONS, Tree, calls, in_each_file, last_name, parsed, walk

ASKED = ("console/pages/", "console/cli/")  # where people's and programs' wishes come in; and each file that ends so
CHANGING = frozenset({"post", "put", "patch", "delete"})
METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ACTING = frozenset({"acting", "refuse"})
# Of members/signing_in.py: by a page and by a program it is one command. Of pages/leaving.py: by signing out or in.
ACT_THEMSELVES = frozenset({"enter_by_password", "leave"})


@in_each_file("console/")
def commands_run_through_acting(path: str, module: ast.Module) -> Iterator[str]:
    """A function that opens a transaction for a request or a command, or that handles a changing method, acts."""
    asked = path.startswith(ASKED) or path.endswith(("api.py", "/endpoint.py"))
    for function in module.body:
        if not isinstance(function, FUNCTIONS):
            continue
        named = _called(function, module)
        changes = any(_is_changing(one) for one in function.decorator_list)
        if (changes or (asked and "transaction" in named)) and named.isdisjoint({"acting"} | ACT_THEMSELVES):
            if not changes and "refuse" in named:
                continue
            yield f"{path} {function.name}, line {function.lineno}"


def _called(function: ast.FunctionDef | ast.AsyncFunctionDef, module: ast.Module) -> set[str]:
    """The names that it calls, and those that the functions of its file call which it calls."""
    own = {one.name: one for one in module.body if isinstance(one, FUNCTIONS)}
    named = {last_name(call.func) for call in calls(function)}
    return named | {last_name(call.func) for name in named & own.keys() for call in calls(own[name])}


def _is_changing(decorator: ast.expr) -> bool:
    if not isinstance(decorator, ast.Call):
        return False
    if last_name(decorator.func) == "route":
        return any(last_name(one) in METHODS or one.value in METHODS for one in _methods(decorator))
    return last_name(decorator.func) in CHANGING


def _methods(decorator: ast.Call) -> Iterator[ast.Attribute | ast.Constant]:
    for word in decorator.keywords:
        if word.arg == "http_method":
            yield from (one for one in walk(word.value) if isinstance(one, ast.Attribute | ast.Constant))


def actions_are_in_the_table(tree: Tree) -> list[str]:
    """The table of actions has each name that is acted by, and no other."""
    path = "console/audit/actions.py"
    table = {
        str(call.args[0].value)
        for call in calls(parsed(tree.texts[path]))
        if last_name(call.func) == "ActionKind" and isinstance(call.args[0], ast.Constant)
    }
    used: dict[str, str] = {}
    for file, text in tree.texts.items():
        for call in calls(parsed(text)) if file.startswith(("console/", "jobs/")) else ():
            if last_name(call.func) in ACTING and len(call.args) > 2 and isinstance(call.args[2], ast.Constant):
                name = str(call.args[2].value)
                used[name] = f"{file} acts by {name}, line {call.lineno}"
    missing = [where for name, where in used.items() if name not in table]
    return missing + [f"{path} has {name}, by which nobody acts" for name in sorted(table - used.keys())]
