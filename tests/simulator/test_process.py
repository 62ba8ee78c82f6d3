"""The simulation as a process: it says when it is ready, and stops when asked to."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.simulator.conftest import ROOT, Simulated


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(started: Callable[..., Simulated], number: signal.Signals) -> None:
    simulated = started()
    assert simulated.get("/v2/sims").status_code == 200
    simulated.process.send_signal(number)
    assert simulated.process.wait(5) == 0


def test_it_lives_by_itself_unless_it_is_to_stand_still(started: Callable[..., Simulated]) -> None:
    simulated = started("--speed", "500")
    first = simulated.sim("GET", "fleet")
    while simulated.sim("GET", "fleet")["changes"] < first["changes"] + 20:
        pass
    assert first["still"] is False
    assert first["sims"] == 300


def test_wrong_flags_are_refused_with_a_sentence() -> None:
    command = [sys.executable, "-m", "simulator", "--sims", "2000000"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=10, check=False)
    assert ended.returncode == 2
    assert "SIMs" in ended.stderr
