"""The part of the suite that depends on the time, at hours at which programs fail: `make drills DRILLS=clocks`.

python -m tests.clocks                at each moment, some ten minutes each
python -m tests.clocks leap-day       at that one
python -m tests.clocks --quick        rules alone, at two moments: within a minute

The clocks of all processes are moved by libfaketime (Debian's package faketime); time goes on from there, and the clock
by which programs wait stays as it is.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.clocks.moments import DEPENDING, LEFT_OUT, MOMENTS, RULES, TREE, Moment, environment, library


def run(moment: Moment, moved: Path, files: Sequence[str], *more: str) -> bool:
    """Whether these tests pass then."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *more,
        *(str(path.relative_to(TREE)) for one in files for path in _without_browser(TREE / "tests" / one)),
    ]
    sys.stdout.write(f"{moment.name}: {moment.at:%Y-%m-%d %H:%M} UTC, {moment.zone}\n")
    sys.stdout.flush()
    return not subprocess.run(
        command, cwd=TREE, env=environment(moment, moved, datetime.now(UTC)), check=False
    ).returncode


def _without_browser(path: Path) -> list[Path]:
    """The files of tests there that need no browser: its own clocks are no part of this."""
    files = sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    wanted = [file for file in files if str(file.relative_to(TREE / "tests")) not in LEFT_OUT]
    return [file for file in wanted if "playwright" not in file.read_text()]


def main(names: Sequence[str], *, quick: bool) -> int:
    """Run at the moments with these names, or at all; 1 if a test has failed at one."""
    moved = library()
    if moved is None:
        raise SystemExit("libfaketime is not installed: it is in Debian's package faketime")
    chosen = [one for one in MOMENTS if (one.name in names if names else one.quick or not quick)]
    how = () if quick else ("-n", "2", "--dist", "loadgroup")
    failed = [one.name for one in chosen if not run(one, moved, RULES if quick else DEPENDING, *how)]
    sys.stdout.write(f"failed at {', '.join(failed)}\n" if failed else f"passed at {len(chosen)} moments\n")
    return int(bool(failed))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *(one.name for one in MOMENTS)], metavar="MOMENT")
    parser.add_argument("--quick", action="store_true", help="rules alone, at two moments")
    asked = parser.parse_args()
    sys.exit(main(asked.names, quick=asked.quick))
