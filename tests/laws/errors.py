"""Law of errors: one that nobody expects is raised again, or logged with its trace."""

import ast
from collections.abc import Iterator

from tests.laws.tree import in_each_file, last_name, walk

ANY = frozenset({"Exception", "BaseException"})


@in_each_file("console/", "jobs/")
def unknown_errors_are_seen(path: str, module: ast.Module) -> Iterator[str]:
    """Whoever catches every error raises it again in some case, logs its trace, or hands it on as a future's."""
    for handler in walk(module):
        if not isinstance(handler, ast.ExceptHandler):
            continue
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(one is None or last_name(one) in ANY for one in caught) and not _is_seen(handler):
            yield f"{path} catches every error, line {handler.lineno}"


def _is_seen(handler: ast.ExceptHandler) -> bool:
    for node in walk(handler):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Call):
            traced = any(word.arg == "exc_info" for word in node.keywords)
            if traced or last_name(node.func) in ("exception", "set_exception"):
                return True
    return False
