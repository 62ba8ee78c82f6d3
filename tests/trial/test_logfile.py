"""A server's log is followed line by line, and doesn't fill the disk."""

import os
from pathlib import Path

from console.trial.logfile import LogFile


def test_only_whole_lines_of_this_run_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text("from an earlier run\n")
    log = LogFile(path)
    server = log.open()
    os.write(server, b"one\ntwo\nthr")
    assert log.new_lines() == ["one", "two"]
    os.write(server, b"ee\n")
    assert log.new_lines() == ["three"]
    assert log.tail() == "one\ntwo\nthree\n"
    os.close(server)


def test_lines_before_a_restart_are_reported_after_it(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "server.log")
    for line in (b"why it died\n", b"it is back\n"):
        server = log.open()
        os.write(server, line)
        os.close(server)
    assert log.new_lines() == ["why it died", "it is back"]
    assert log.tail() == "it is back\n"


def test_it_is_emptied_when_it_grows_too_long(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "server.log")
    server = log.open()
    reported = 0
    for _ in range(50):
        os.write(server, b"x" * 99_999 + b"\n")
        reported += len(log.new_lines())
    os.close(server)
    assert reported == 50
    assert log.path.stat().st_size < 4_200_000
