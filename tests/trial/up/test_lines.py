"""Which lines of the programs reach the person at the terminal, and in what form."""

import pytest

from console.trial.log_lines import readable, worth_showing


@pytest.mark.parametrize(
    ("name", "line", "shown"),
    [
        ("web", "anything", True),
        ("web", "   ", False),
        ("postgres", "2026-01-01 00:00:00.000 UTC [1] LOG:  database system is ready to accept connections", False),
        ("postgres", "2026-01-01 00:00:00.000 UTC [1] ERROR:  relation does not exist", True),
        (
            "postgres",
            "2026-01-01 00:00:00.000 UTC [1] FATAL:  terminating connection due to administrator command",
            False,
        ),
        ("valkey", "12:M 21 Nov 2026 06:22:39.512 # WARNING Memory overcommit must be enabled!", False),
        ("valkey", "12:M 21 Nov 2026 06:22:39.512 # Out Of Memory allocating 12 bytes!", True),
    ],
)
def test_databases_are_only_shown_when_something_is_wrong(name: str, line: str, shown: bool) -> None:
    assert worth_showing(name, line) is shown


def test_a_json_line_becomes_a_sentence() -> None:
    line = '{"level": "warning", "time": "…", "logger": "jobs", "message": "1NCE is slow", "seconds": 2.5}'
    assert readable(line) == "warning 1NCE is slow seconds=2.5"


@pytest.mark.parametrize("line", ['{"no": "message"}', "[1, 2]", "plain words", "{half"])
def test_any_other_line_stays_as_it_is(line: str) -> None:
    assert readable(line) == line
