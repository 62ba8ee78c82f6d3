"""Removes from an environment every package that the installed program doesn't need in order to run.

The lock file pins the tools of developers as well; an image for production has no use for them. Run by the Dockerfile
inside the environment that is to be cleaned: `python deploy/runtime_only.py`.
"""

import subprocess
import sys
from importlib.metadata import distribution, distributions

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

PROGRAM = "sim-console"
EXTRAS = frozenset({"chat", "pdf", "otel", "s3", "sentry"})  # imported when somebody uses them


def needed(name: str, extras: frozenset[str], known: set[tuple[str, frozenset[str]]]) -> set[str]:
    """The package, those that it requires here, and those that they require."""
    if (name, extras) in known:
        return set()
    known.add((name, extras))
    found = {name}
    for line in distribution(name).requires or []:
        requirement = Requirement(line)
        wanted = requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in (extras or frozenset({""}))
        )
        if wanted:
            found |= needed(canonicalize_name(requirement.name), frozenset(requirement.extras), known)
    return found


def main() -> None:
    """Remove what isn't needed, the remover last of all."""
    kept = needed(PROGRAM, EXTRAS, set())
    there = {canonicalize_name(one.metadata["Name"]) for one in distributions()}
    surplus = sorted(there - kept - {"pip"})
    subprocess.run([sys.executable, "-m", "pip", "uninstall", "--yes", "--quiet", *surplus, "pip"], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
