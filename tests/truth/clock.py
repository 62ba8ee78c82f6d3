"""Another time for every process of a trial: over midnight, New Year or a change to summer time within minutes."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

SOURCE = Path(__file__).with_name("shifted_clock.c")


def begin_at(moment: datetime, folder: Path) -> None:
    """Begin this program anew, with all that it will start, at this moment. Raises RuntimeError without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise RuntimeError("there is no C compiler, so the clock can't be shifted")
    library = folder / "shifted_clock.so"
    made = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(made, check=True)
    library.chmod(0o755)
    shift = int((moment - datetime.now(UTC)).total_seconds())
    environment = {**os.environ, "LD_PRELOAD": str(library), "CLOCK_SHIFT": str(shift)}
    command = [sys.executable, "-m", "tests.truth", *sys.argv[1:], "--begun"]
    os.execve(sys.executable, command, environment)
