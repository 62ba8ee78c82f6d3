"""The module for Amazon ECS: each name that it uses is declared, each that it declares is used and described."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest

from console.cli.main import COMMANDS
from console.settings import Settings

pytestmark = pytest.mark.xdist_group("terraform")  # one process alone parses the module
FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "terraform"
TEXT = "\n".join(path.read_text() for path in sorted(FOLDER.glob("*.tf")))
ASIDE = {"AWS_REGION"}  # read by what speaks to S3


@cache
def files() -> list[dict[str, Any]]:
    """All of them, parsed when a test asks: every process that collects tests reads this file."""
    return [hcl2.loads(path.read_text()) for path in sorted(FOLDER.glob("*.tf"))]


def blocks(kind: str) -> list[dict[str, Any]]:
    return [block for file in files() for block in file.get(kind, [])]


def bare(name: str) -> str:
    return name.strip('"')


def declared(kind: str) -> set[str]:
    """`type.name` of what has a type, the name of the rest."""
    found = set()
    for block in blocks(kind):
        for name, body in block.items():
            if kind in {"resource", "ephemeral", "data"}:
                found |= {f"{bare(name)}.{bare(one)}" for one in body}
            elif not name.startswith("__"):
                found.add(bare(name))
    return found


def used(pattern: str) -> set[str]:
    return set(re.findall(pattern, re.sub(r"(?m)#.*$", "", TEXT)))


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("variable", r"\bvar\.(\w+)"),
        ("locals", r"\blocal\.(\w+)"),
        ("data", r"\bdata\.(aws_\w+\.\w+)"),
        ("ephemeral", r"\bephemeral\.(\w+\.\w+)"),
    ],
)
def test_what_is_used_is_declared_and_what_is_declared_is_used(kind: str, pattern: str) -> None:
    assert declared(kind) == used(pattern)
    assert declared(kind)


def test_resources_that_are_named_are_there() -> None:
    assert used(r"(?<![\w.])(aws_\w+\.\w+)") <= declared("resource")


def test_every_variable_and_output_says_what_it_is_for() -> None:
    for kind in ("variable", "output"):
        for block in blocks(kind):
            for name, body in block.items():
                if not name.startswith("__"):
                    assert body["description"].strip('"').endswith((".", "...")), name


def test_settings_and_secrets_are_those_that_the_console_knows() -> None:
    names = used(r"(?m)^ +([A-Z][A-Z0-9_]+) +=") | used(r'"([A-Z]+_[A-Z0-9_]+)"')
    assert names <= {name.upper() for name in Settings.__struct_fields__} | ASIDE
    assert {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "BACKUP_KEY", "TRUSTED_PROXIES"} <= names


def test_tasks_run_commands_of_the_console() -> None:
    once = re.findall(r'toset\(\[("migrate".*?)\]\)', TEXT)
    commands = {"web", "worker", *re.findall(r"\w+", once[0])}
    assert all(f'command          = ["{name}"' in TEXT for name in ("web", "worker"))
    assert commands == {"web", "worker", "migrate", "backup", "drill"}
    assert commands <= set(COMMANDS)


def test_web_servers_get_nothing_of_the_owner() -> None:
    (web,) = (
        body["web"] if "web" in body else body['"web"']
        for block in blocks("resource")
        for name, body in block.items()
        if bare(name) == "aws_ecs_task_definition" and {"web", '"web"'} & set(body)
    )
    assert "owner" not in str(web)
    assert "application" in str(web)
