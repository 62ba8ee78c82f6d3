"""Laws of style: what a file says of itself, how long it is, what it is called, and that importing it does nothing."""

import ast
from collections.abc import Iterator

from tests.laws.tree import FUNCTIONS, Tree, calls, in_each_file, last_name, parsed, walk

LONGEST = 200  # lines
SAYING_NOTHING = frozenset(
    "util utils helper helpers common misc base core manager service services lib types constants".split()
)
RUNNING_JOBS = ("__init__", "__main__", "worker", "run", "context", "owning", "recording", "examine")
NOT_IMPORTED = ("__main__.py", "migrations/env.py")
# What may be called while a module is imported: it makes an inert value out of what stands there.
INERT = frozenset(
    (
        "dict set frozenset tuple list enumerate zip range len sorted float int str type get_args auto field fromkeys "
        "split splitlines join replace items keys values lower upper encode decode to_builtins append pop strip "
        "timedelta datetime date accumulate compile count namedtuple dataclass itemgetter attrgetter partial cache "
        "lru_cache total_ordering wraps Semaphore getLogger logger "
        # SQLAlchemy expressions
        "label and_ or_ not_ case cast column literal null literal_column text select outerjoin join alias subquery "
        "is_ is_not in_ between desc asc over filter dialect bindparam "
        # what registers a handler or a command with an object of its own file
        "get post put patch delete head route websocket asgi command group argument option add_command version_option "
        # pure functions of our own
        "key_columns moment by_organization for_all_organizations for_installation"
    ).split()
)
OUTSIDE = frozenset("os sys time socket subprocess random secrets uuid shutil threading".split())


@in_each_file()
def a_module_says_what_it_is(path: str, module: ast.Module) -> Iterator[str]:
    """Each module begins with a sentence that a colleague understands."""
    if (ast.get_docstring(module) or "TODO").startswith("TODO"):
        yield path


def a_file_is_short(tree: Tree) -> list[str]:
    """A file with more than 200 lines is two nouns."""
    return [f"{path}: {lines} lines" for path, text in tree.texts.items() if (lines := text.count("\n")) > LONGEST]


@in_each_file()
def names_say_something(path: str, module: ast.Module) -> Iterator[str]:
    """No module, folder, class or function is called by a word that fits anything."""
    yield from (f"{path}: {part}" for part in path.removesuffix(".py").split("/") if part in SAYING_NOTHING)
    for node in walk(module):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name.strip("_").lower() in SAYING_NOTHING:
            yield f"{path}: {node.name}, line {node.lineno}"


def _table_of_jobs(tree: Tree) -> str:
    return "".join(tree.texts[f"console/runs/{part}.py"] for part in ("schedule", "on_request", "installation_wide"))


def a_job_is_a_file(tree: Tree) -> list[str]:
    """A file on top of jobs/ is a job of its name, or what runs jobs; the table of jobs knows each."""
    table = _table_of_jobs(tree)
    found = []
    for path in sorted(tree.texts):
        if not path.startswith("jobs/"):
            continue
        name = path.removeprefix("jobs/").removesuffix(".py")
        if "/" in name or name in RUNNING_JOBS:
            continue
        if not any(isinstance(node, FUNCTIONS) and node.name == name for node in parsed(tree.texts[path]).body):
            found.append(f"{path} has no job of its name")
        if f'name="{name}"' not in table:
            found.append(f"{path} is not in the table of jobs")
    return found


def a_job_that_is_asked_for_is_in_the_table(tree: Tree) -> list[str]:
    """Law 8: `later` names a job of the table, by itself or by a constant of its file: nobody would run another."""
    table, found = _table_of_jobs(tree), []
    for path, text in tree.texts.items():
        if not path.startswith(("console/", "jobs/")) or ".later(" not in text:
            continue
        module = parsed(text)
        constants = {
            node.targets[0].id: node.value
            for node in module.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for call in calls(module):
            if last_name(call.func) != "later" or not call.args:
                continue
            name = call.args[0]
            named = constants.get(name.id) if isinstance(name, ast.Name) else name
            job = named.value if isinstance(named, ast.Constant) else None
            if isinstance(job, str) and f'name="{job}"' not in table:
                found.append(f"{path} asks for {job}, which is no job, line {call.lineno}")
    return found


@in_each_file("console/", "jobs/", "simulator/")
def importing_has_no_effect(path: str, module: ast.Module) -> Iterator[str]:
    """While a module is imported, nothing is called but constructors and what makes inert values."""
    if path.endswith(NOT_IMPORTED):
        return
    for expression in _at_import(module):
        for call in calls(expression):
            if not _is_inert(call, module):
                yield f"{path} calls {ast.unparse(call.func)[:60]}, line {call.lineno}"
    for node in module.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await):
            if last_name(node.value) != "add_command":
                yield f"{path} does {ast.unparse(node)[:60]}, line {node.lineno}"
        elif isinstance(node, ast.For | ast.While | ast.With | ast.Delete):
            yield f"{path} runs a {type(node).__name__.lower()}, line {node.lineno}"


def _is_inert(call: ast.Call, module: ast.Module, depth: int = 0) -> bool:
    """By its name; or it is a plain function of the same file, which calls nothing else."""
    name, written = last_name(call.func), ast.unparse(call.func)
    if written.split(".")[0] in OUTSIDE:
        return False
    if name in INERT or written.startswith(("sa.func.", "func.")) or name.strip("_")[:1].isupper():
        return True
    own = next((node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name), None)
    return own is not None and depth < 5 and all(_is_inert(one, module, depth + 1) for one in calls(own))


def _at_import(node: ast.AST) -> Iterator[ast.expr]:
    """The outermost expressions that are evaluated when the module is imported: not the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            yield from child.decorator_list
            yield from (default for default in (*child.args.defaults, *child.args.kw_defaults) if default is not None)
        elif isinstance(child, ast.Lambda) or (isinstance(child, ast.If) and "__name__" in ast.unparse(child.test)):
            continue
        elif isinstance(child, ast.expr):
            yield child
        else:
            yield from _at_import(child)
