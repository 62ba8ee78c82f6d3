"""The suite at other hours, in other years and zones: the short form of `make drills DRILLS=clocks`."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.clocks.moments import DEPENDING, MOMENTS, RULES, TREE, Moment, environment, library


@pytest.fixture
def moved() -> Path:
    """libfaketime. Without it the test is skipped, or fails where REQUIRE_FAKETIME=1 demands it."""
    found = library()
    if found is None:
        assert os.environ.get("REQUIRE_FAKETIME") != "1", "There is no libfaketime (Debian's package faketime)"
        pytest.skip("needs libfaketime (Debian's package faketime)")
    return found


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda one: str(one.name))
def test_a_process_and_its_children_are_at_the_moment(moved: Path, moment: Moment) -> None:
    said = "import time; time.sleep(0.01); print(time.time(), time.tzname[0])"
    asked = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {said!r}])"
    found = subprocess.run(
        [sys.executable, "-c", asked],
        env=environment(moment, moved, datetime.now(UTC)),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    late = datetime.fromtimestamp(float(found[0]), UTC) - moment.at
    assert timedelta(seconds=-1) < late < timedelta(minutes=1)  # libfaketime's offsets are whole seconds
    assert (found[1] == "UTC") == (moment.zone == "UTC")


def test_rules_hold_at_other_hours_in_other_years_and_zones(moved: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "tests.clocks", "--quick"], cwd=TREE, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout[-3000:]
    assert found.stdout.splitlines()[-1] == f"passed at {sum(one.quick for one in MOMENTS)} moments"


def test_every_part_that_is_run_then_is_there() -> None:
    assert [one for one in (*DEPENDING, *RULES) if not (TREE / "tests" / one).exists()] == []


def test_the_hours_are_those_at_which_programs_fail() -> None:
    hours = {(one.at.hour, one.at.minute) for one in MOMENTS}
    assert {(0, 5), (12, 0)} <= hours
    assert {"month-end", "leap-day", "summer-time", "winter-time", "far-east"} <= {one.name for one in MOMENTS}
    assert (2, 29) in {(one.at.month, one.at.day) for one in MOMENTS}
