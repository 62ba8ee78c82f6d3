"""The laws of the house, each as a test that reads the code."""

import ast
import re
from pathlib import Path

import pytest

from console.runs.schedule import BY_NAME

ROOT = Path(__file__).parents[2]
OURS = sorted(
    path for folder in ("console", "jobs", "simulator", "migrations") for path in (ROOT / folder).rglob("*.py")
)
NAMES_THAT_SAY_NOTHING = {
    *(
        "utils",
        "helpers",
        "common",
        "misc",
        "base",
        "core",
        "manager",
        "service",
        "services",
        "lib",
        "types",
        "constants",
    ),
}
LONGEST = 250


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def calls(path: Path) -> set[str]:
    """What is called, as it is written: `sa.insert`, `insert`, `upsert_changed`."""
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}


def test_only_the_jobs_speak_to_1nce() -> None:
    speaking = {name(path) for path in OURS if any(one.startswith("console.once") for one in imports(path))}
    outside = {path for path in speaking if not path.startswith(("jobs/", "console/once/"))}
    assert not outside
    assert speaking


def test_only_writes_change_rows() -> None:
    changing = re.compile(r"(?:sa\.|postgresql\.)?(?:insert|update|delete)|upsert_changed|insert_once")
    allowed = {"console/store/bulk.py", "console/store/outbox.py", "console/streamer/batches.py"}
    changed = {
        name(path)
        for path in OURS
        if name(path).startswith(("console/", "jobs/")) and any(changing.fullmatch(call) for call in calls(path))
    }
    assert {path for path in changed - allowed if not path.endswith("/writes.py")} == set()
    assert "console/sims/writes.py" in changed


def test_only_the_transaction_tells() -> None:
    telling = {name(path) for path in OURS if any(one.endswith("put_down") for one in calls(path))}
    assert telling == {"console/store/database.py"}


def test_the_live_part_writes_nothing() -> None:
    for path in OURS:
        if name(path).startswith("console/live/"):
            assert not any(one.endswith(".writes") or ".writes." in one for one in imports(path)), name(path)


def test_every_job_is_a_file_with_its_name_and_stands_in_the_schedule() -> None:
    worker = (ROOT / "jobs/worker.py").read_text()
    for job in BY_NAME:
        assert f"async def {job}(" in (ROOT / f"jobs/{job}.py").read_text()
        assert f"from jobs.{job} import {job}" in worker


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_module_says_what_it_is_and_is_short_and_well_named(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "a module begins with a sentence that a colleague understands"
    assert text.count("\n") <= LONGEST, "the noun is two nouns"
    assert not NAMES_THAT_SAY_NOTHING & {*path.relative_to(ROOT).parts, path.stem}, "name the thing"


def test_importing_a_module_has_no_effect() -> None:
    for path in OURS:
        if path.name in ("__main__.py", "env.py"):
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                pytest.fail(f"{name(path)} does something when imported: {ast.unparse(node)[:80]}")
