"""`make drills`: what it names is there, and what fails is reported as failed."""

import asyncio
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import yaml

from tests.drills import DRILLS, TREE, Drill, conduct, report


def test_every_drill_names_what_is_there_and_has_a_name_of_its_own() -> None:
    assert len({drill.name for drill in DRILLS}) == len(DRILLS)
    for drill in DRILLS:
        for words in filter(None, (drill.long, drill.short)):
            if words[0] == "-m" and words[1] != "pytest":
                assert find_spec(f"{words[1]}.__main__") is not None, drill.name
            for file in (word for word in words if word.endswith((".py", ".lock", ".yml"))):
                assert (TREE / file).exists(), f"{drill.name}: {file}"


def test_what_checkov_passes_over_has_a_reason_each() -> None:
    text = (TREE / "deploy" / "checkov.yml").read_text()
    passed_over = yaml.safe_load(text)["skip-check"]
    lines = [line for line in text.splitlines() if re.search(r"CKV\d?_", line)]
    assert len(lines) == len(passed_over)
    assert all("  # " in line for line in lines)


async def test_a_drill_that_fails_is_reported_as_failed(tmp_path: Path) -> None:
    drills = (
        Drill(name="works", shows="that it works", long=("-c", "print('a | b')")),
        Drill(name="fails", shows="that it fails", long=("-c", "raise SystemExit('why')")),
    )
    found = [await conduct(drill, tmp_path) for drill in drills]
    assert [(one.passed, one.said) for one in found] == [(True, "a | b"), (False, "why")]
    text = report(found, datetime.now(UTC))
    assert "| works | that it works | passed |" in text
    assert "| fails | that it fails | FAILED |" in text
    assert "a \\| b" in text


async def test_the_program_knows_its_drills() -> None:
    command = [sys.executable, "-m", "tests.drills", "no-such-drill"]
    ran = await asyncio.to_thread(subprocess.run, command, cwd=TREE, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "worst-hour" in ran.stderr
