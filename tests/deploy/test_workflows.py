"""The workflows and other YAML are well-formed and safe; what they and the developers' files call is there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import yaml

TREE = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
FILES = (".github", ".pre-commit-config.yaml", ".yamllint.yml", "deploy", "docker-compose.yml")


def ran(*command: str) -> str:
    found = subprocess.run(command, check=False, cwd=TREE, capture_output=True, text=True, timeout=60)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_yaml_is_well_formed_and_workflows_have_no_known_weakness() -> None:
    ran(str(TOOLS / "yamllint"), "--strict", *FILES)
    ran(str(TOOLS / "zizmor"), "--offline", "--quiet", "--persona=regular", ".github")


def test_each_action_is_pinned_to_a_commit_and_each_job_may_only_read() -> None:
    workflow = yaml.safe_load((TREE / ".github" / "workflows" / "ci.yml").read_text())
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        used = [step["uses"] for step in job["steps"] if "uses" in step]
        assert used and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one) for one in used)
    assert workflow["jobs"]["suite"]["steps"][-1]["run"] == ".ci/run"


def test_what_developers_files_call_is_there() -> None:
    container = json.loads((TREE / ".devcontainer" / "devcontainer.json").read_text())
    assert container["postCreateCommand"].startswith("make .venv/.ready ")
    hooks = yaml.safe_load((TREE / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    for hook in hooks:
        program = hook["entry"].split()[0].removeprefix(".venv/bin/")
        assert (TOOLS / program).exists(), program
