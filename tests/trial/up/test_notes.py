"""Only what an earlier run has left behind is ended, never a stranger that was given the same number."""

import json
from pathlib import Path

from console.trial.running_list import RunningList
from tests.processes import begun


async def test_a_noted_process_is_ended(tmp_path: Path) -> None:
    with begun(["sleep", "60"]) as left:
        RunningList(tmp_path / "running.json").add("web", left.pid)
        assert await RunningList(tmp_path / "running.json").reap() == ["web"]
        assert left.wait(5) < 0
    assert await RunningList(tmp_path / "running.json").reap() == []


async def test_a_stranger_with_a_noted_number_lives_on(tmp_path: Path) -> None:
    path = tmp_path / "running.json"
    with begun(["sleep", "60"]) as stranger:
        RunningList(path).add("web", stranger.pid)
        running = json.loads(path.read_bytes())
        path.write_text(json.dumps([{**running[0], "began": "long ago"}]))
        assert await RunningList(path).reap() == []
        assert stranger.poll() is None
        stranger.kill()


async def test_unreadable_notes_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "running.json"
    path.write_text("[{")
    assert await RunningList(path).reap() == []
