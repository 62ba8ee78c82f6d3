"""The units of systemd are well-formed, harden what they start, and call commands that there are."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from console.cli.main import COMMANDS
from console.web import serve

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
PROGRAM = "/opt/sim-console/.venv/bin/console"
HARDENED = ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "User=sim-console", "UMask=0077")


def _values(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)


def test_each_service_calls_a_command_that_there_is_and_may_do_little_else() -> None:
    called = {}
    for unit in SERVICES:
        (start,) = _values(unit, "ExecStart")
        program, command, *_ = shlex.split(start)
        assert program == PROGRAM
        assert command in COMMANDS, unit.name
        called[unit.name] = command
        lines = unit.read_text().splitlines()
        assert [one for one in HARDENED if one not in lines] == [], unit.name
    assert sorted(called.values()) == ["backup", "migrate", "web", "worker"]


def test_a_web_server_gets_longer_to_end_than_it_takes() -> None:
    (seconds,) = _values(UNITS / "sim-console-web@.service", "TimeoutStopSec")
    assert "four seconds" in str(serve.__doc__)
    assert int(seconds) > 2 * 4


def test_the_target_starts_units_that_there_are() -> None:
    wanted = " ".join(_values(UNITS / "sim-console.target", "Wants")).split()
    ours = [re.sub(r"@.*\.", "@.", one) for one in wanted if one.startswith("sim-console")]
    assert len(ours) == 3
    assert [one for one in ours if not (UNITS / one).exists()] == []


def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not here")
    units = []
    for unit in sorted(UNITS.iterdir()):
        name = unit.name.replace("web@", "web@8000").replace("worker@", "worker@1")
        text = unit.read_text().replace(PROGRAM, "/bin/true").replace("User=sim-console", "User=daemon")
        (tmp_path / unit.name).write_text(text.replace("Group=sim-console", "Group=daemon"))
        units.append(str(tmp_path / name))
        if name != unit.name:
            (tmp_path / name).symlink_to(unit.name)
    found = subprocess.run(
        [analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False, timeout=60
    )
    ours = [line for line in (found.stdout + found.stderr).splitlines() if "sim-console" in line]
    assert (ours, found.returncode) == ([], 0), found.stderr
