"""How fast this machine works just now: what the suite's bounds of processor time are in proportion to.

The same work takes half as long again where another guest shares the core, and twice as long on an older processor.
"""

import json
import subprocess
import sys
import time

TRIES = 5
MOST = 2.0  # no machine is so slow that more than twice a bound is allowed
USUAL_SECONDS = 0.0023  # of `_work` on the machine that the bounds were set on, while the suite kept its cores busy
USUAL_PROCESS_SECONDS = 0.03  # of a process of Python that does nothing, likewise; 0.008 where nothing else runs


def _work() -> None:
    """As a server does: objects, text, and numbers, in Python and in C."""
    rows = [{"iccid": f"8988{number:015d}", "at": number, "tags": ["a", "b"]} for number in range(1_000)]
    found = json.loads(json.dumps(rows))
    sorted(found, key=lambda one: -one["at"])


def slowness() -> float:
    """How many times as long as usual work takes here and now: by the middle of a few tries."""
    taken = []
    for _ in range(TRIES):
        began = time.thread_time()
        _work()
        taken.append(time.thread_time() - began)
    return slowness_of(sorted(taken)[TRIES // 2], USUAL_SECONDS)


def process_slowness() -> float:
    """How many times as long as usual a process takes here and now to come and go: its memory is all new to it."""
    taken = []
    for _ in range(TRIES):
        began = time.monotonic()
        subprocess.run([sys.executable, "-S", "-c", ""], check=True)
        taken.append(time.monotonic() - began)
    return max(1.0, sorted(taken)[TRIES // 2] / USUAL_PROCESS_SECONDS)


def slowness_of(seconds: float, usual: float) -> float:
    """The same of work that took so many seconds, and usually takes others: at least 1, at most MOST."""
    return min(MOST, max(1.0, seconds / usual))
