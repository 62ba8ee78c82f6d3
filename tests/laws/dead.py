"""Dead code: functions, methods and classes that nothing mentions."""

import ast
import re
from collections import Counter
from functools import cache

from tests.laws.tree import FUNCTIONS, Tree, parsed, walk

OURS = ("console/", "jobs/")
MENTIONING = (*OURS, "simulator/", "bench/", "migrations/")


@cache
def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


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
    """What is defined in console/ and jobs/ is mentioned somewhere beside its definition; tests alone do not count."""
    mentioned: Counter[str] = Counter()
    for path, text in (*tree.texts.items(), *tree.templates.items()):
        if path.startswith((*MENTIONING, "templates/")):
            mentioned += _words(text)
    defined = Counter(name for path, text in tree.texts.items() if path.startswith(OURS) for name, _ in _defined(text))
    return [
        f"{path} defines {name}, line {line}"
        for path, text in sorted(tree.texts.items())
        if path.startswith(OURS)
        for name, line in _defined(text)
        if mentioned[name] <= defined[name]
    ]
