"""The source tree that the laws read: every Python file of the product, in memory, so that a mutation costs nothing."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, wraps
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
FOLDERS = ("console", "jobs", "simulator", "migrations", "bench")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Tree:
    """Python files, templates and scripts by path relative to the root ("console/app.py")."""

    def __init__(
        self, texts: Mapping[str, str], templates: Mapping[str, str], scripts: Mapping[str, str] | None = None
    ) -> None:
        self.texts = texts
        self.templates = templates
        self.scripts = scripts or {}

    def changed(self, path: str, text: str, instead_of: str = "") -> "Tree":
        """This tree with `text` appended to a file, new or not; or put in place of what stands there."""
        template = path.endswith(".html")
        before = (self.templates if template else self.texts).get(path, '"""A new module."""\n')
        assert instead_of in before, f"{path} does not contain {instead_of!r}"
        after = before.replace(instead_of, text, 1) if instead_of else f"{before}\n{text}\n"
        if template:
            return Tree(self.texts, {**self.templates, path: after}, self.scripts)
        return Tree({**self.texts, path: after}, self.templates, self.scripts)

    def graph(self) -> grimp.ImportGraph:
        """Who imports whom, type checking included."""
        return _graph(tuple(sorted(self.texts.items())))


def read_tree(root: Path = ROOT) -> Tree:
    """The tree as it is on the disk."""

    def below(folder: str, ending: str) -> dict[str, str]:
        return {str(path.relative_to(root)): path.read_text() for path in sorted((root / folder).rglob(f"*.{ending}"))}

    python: dict[str, str] = {}
    for folder in FOLDERS:
        python |= below(folder, "py")
    return Tree(python, below("templates", "html"), below("static/js", "js"))


def in_each_file(*under: str) -> Callable[[Callable[[str, ast.Module], Iterable[str]]], Callable[[Tree], list[str]]]:
    """Make a law of the tree out of one that reads a file at a time, for the files below these folders."""

    def law_of(find: Callable[[str, ast.Module], Iterable[str]]) -> Callable[[Tree], list[str]]:
        @cache
        def found_in(path: str, text: str) -> tuple[str, ...]:
            return tuple(find(path, parsed(text)))

        @wraps(find)
        def law(tree: Tree) -> list[str]:
            paths = sorted(path for path in tree.texts if path.startswith(under or ""))
            return [violation for path in paths for violation in found_in(path, tree.texts[path])]

        return law

    return law_of


@cache
def parsed(text: str) -> ast.Module:
    """The syntax tree of a file; shared, not to be changed."""
    return ast.parse(text)


def walk(tree: ast.AST) -> Sequence[ast.AST]:
    """Every node of it, as `ast.walk` finds them. Those of a module are looked up once for all laws."""
    return _nodes(tree) if isinstance(tree, ast.Module) else tuple(ast.walk(tree))


@cache
def _nodes(module: ast.Module) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(module))


def module_of(path: str) -> str:
    """ "console/live/hub.py" is console.live.hub, "console/live/__init__.py" is console.live."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def imports(text: str) -> tuple[tuple[str, int], ...]:
    """What a file imports, with the line: modules, and the names taken from them behind a dot."""
    found: list[tuple[str, int]] = []
    for node in walk(parsed(text)):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [(f"{node.module}.{alias.name}", node.lineno) for alias in node.names]
    return tuple(found)


@cache
def _graph(texts: tuple[tuple[str, str], ...]) -> grimp.ImportGraph:
    graph = grimp.ImportGraph()
    known = {module_of(path) for path, _ in texts}
    for module in known:
        graph.add_module(module)
    for path, text in texts:
        for name, line in imports(text):
            target = name if name in known else name.rpartition(".")[0]
            if target in known and target != module_of(path):
                graph.add_import(
                    importer=module_of(path), imported=target, line_number=line, line_contents=f"import {name}"
                )
    return graph


def role(path: str) -> str:
    """What a file does for its noun: the last word of its name ("console/sims/watching_writes.py": "writes")."""
    return path.rpartition("/")[2].removesuffix(".py").rpartition("_")[2]


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call in it."""
    return (node for node in walk(tree) if isinstance(node, ast.Call))


def last_name(node: ast.AST) -> str:
    """The last name of an expression: `b` of `a.b`, of `b` and of `a.b()`; empty where there is none."""
    if isinstance(node, ast.Call):
        return last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def texts(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every text in it that is not a docstring, with its line; `{}` where a formatted text has a value."""
    skipped = {id(node.value) for node in walk(tree) if isinstance(node, ast.Expr)}
    for node in walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            yield (
                "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values),
                node.lineno,
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value, node.lineno
