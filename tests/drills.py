"""The long trials one after the other, by `make drills`: what each has shown, in `.drills/report.md`.

python -m tests.drills                     all of them: some three hours, the soak alone one
python -m tests.drills restore worst-hour  those
python -m tests.drills --short             the short form of each: some ten minutes
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml
from msgspec import Struct

TREE = Path(__file__).parents[1]
FOLDER = TREE / ".drills"
# Programs that are no packages of the console, in environments of their own: they need different packages themselves.
TOOLS: dict[str, tuple[str, ...]] = {
    "packages": ("cyclonedx-bom==7.5.0", "pip-audit==2.10.1"),
    "checkov": ("checkov==3.3.30",),
    "chart": ("--require-hashes", "-r", "deploy/helm/requirements.lock"),
}
VALUES: dict[str, object] = {
    "existingSecret": "console",
    "existingOwnerSecret": "console-owner",
    "publicOrigin": "https://console.example.com",
    "trustedProxies": "10.42.0.0/16",
    "ingress": {"enabled": True, "tlsSecret": "console-tls"},
    "backup": {"enabled": True, "existingClaim": "backups"},
}
MOST_SECONDS = 3 * 3600.0


class Drill(Struct, frozen=True, kw_only=True):
    """Something that is tried. Commands without a program of their own are arguments of this Python."""

    name: str
    shows: str
    long: tuple[str, ...]
    short: tuple[str, ...] = ()
    tools: str = ""  # `long` is a program of these


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one."""

    name: str
    shows: str
    passed: bool
    seconds: float
    said: str  # its last line


def suite(*files: str) -> tuple[str, ...]:
    """These tests, one after the other."""
    return ("-m", "pytest", "-q", "-p", "no:cacheprovider", *files)


DRILLS = (
    Drill(
        name="worst-hour",
        shows="top-ups while everything fails, the database's primary too: none is charged twice, each has an end",
        long=("-m", "tests.worst_hour"),
        short=("-m", "tests.worst_hour", "--top-ups", "40", "--failures", "8", "--seconds", "4"),
    ),
    Drill(
        name="cuts",
        shows="connections are cut a thousand times: streams lose nothing, screens show what is so",
        long=("-m", "tests.cutting"),
        short=("-m", "tests.cutting", "--cuts", "40"),
    ),
    Drill(
        name="storm",
        shows="2,000 sockets are cut off and come back",
        long=("bench/bench_storm.py",),
        short=("bench/bench_storm.py", "--quick"),
    ),
    Drill(
        name="screens",
        shows="every number of every page against the database, for ten minutes of a living fleet",
        long=("bench/bench_truth.py",),
        short=("bench/bench_truth.py", "--quick"),
    ),
    Drill(
        name="redis",
        shows="Redis' primary is killed under load, sentinels name another: each notification is sent once",
        long=suite("tests/store/test_failover.py"),
    ),
    Drill(
        name="replica",
        shows="exports and charts from a replica that lags and is lost; PgBouncer by transactions",
        long=suite("tests/store/test_replica.py", "tests/store/test_pool.py"),
    ),
    Drill(
        name="restore",
        shows="backups under load are restored; a lost disk is recovered to the second before a DELETE",
        long=suite("tests/cli/test_backup.py", "tests/cli/test_recovery.py"),
    ),
    Drill(
        name="proxy",
        shows="nginx before two web servers of which one is killed: no request that reads is lost",
        long=suite("tests/deploy/test_nginx.py"),
    ),
    Drill(
        name="upgrade",
        shows="migrations of full tables, on each edition, and while people work",
        long=suite("tests/test_migrations.py", "tests/store/test_upgrade.py"),
    ),
    Drill(
        name="clocks",
        shows="what depends on the time, at midnight, month's end, 29 February, changes of summer time, in UTC+13",
        long=("-m", "tests.clocks"),
        short=("-m", "tests.clocks", "--quick"),
    ),
    Drill(
        name="components",
        shows="the bill of materials (CycloneDX) of all packages: .drills/sbom.json",
        long=("cyclonedx-py", "requirements", "--output-reproducible", "-o", ".drills/sbom.json", "requirements.lock"),
        tools="packages",
    ),
    Drill(
        name="vulnerabilities",
        shows="no package of the lock has a known fault; fails where one could not be looked up",
        long=("pip-audit", "--strict", "--require-hashes", "--disable-pip", "--requirement", "requirements.lock"),
        tools="packages",
    ),
    Drill(
        name="deployment",
        shows="checkov finds nothing in the image's recipe, the workflows and the rendered Helm chart",
        long=("checkov", "--quiet", "--compact", "--config-file", "deploy/checkov.yml"),
        tools="checkov",
    ),
    Drill(
        name="soak",
        shows="an hour of 500 sockets and 200 changes a second beside a worker: flat memory, no failure logged",
        long=("bench/bench_soak.py", "--minutes", "60"),
        short=("bench/bench_soak.py", "--quick"),
    ),
)


async def conduct(drill: Drill, folder: Path, *, short: bool = False) -> Outcome:
    """Run it; what it writes is kept as `<name>.log`."""
    words = drill.short if short and drill.short else drill.long
    command = [str(folder / drill.tools / "bin" / words[0]), *words[1:]] if drill.tools else [sys.executable, *words]
    began, log = time.monotonic(), folder / f"{drill.name}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, cwd=TREE, stdout=output, stderr=output)
        try:
            code = await asyncio.wait_for(process.wait(), MOST_SECONDS)
        except TimeoutError:
            process.kill()
            code = await process.wait()
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return Outcome(
        name=drill.name,
        shows=drill.shows,
        passed=code == 0,
        seconds=round(time.monotonic() - began, 1),
        said=lines[-1].strip()[:300] if lines else "",
    )


def report(found: Sequence[Outcome], began: datetime) -> str:
    """What all have shown, as a table."""
    lines = [
        f"# Drills of {began:%Y-%m-%d %H:%M} UTC",
        "",
        f"On {os.cpu_count()} cores. What each has written stands beside this file.",
        "",
        "| drill | shows | outcome | seconds | its last line |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        said = one.said.replace("|", "\\|")
        lines.append(f"| {one.name} | {one.shows} | {'passed' if one.passed else 'FAILED'} | {one.seconds} | {said} |")
    return "\n".join(lines) + "\n"


async def install(folder: Path, tools: set[str]) -> None:
    """Install these, and render the chart where they look at it."""
    for place in sorted({*tools, *(["chart"] if "checkov" in tools else [])}):
        python = str(folder / place / "bin" / "python")
        await _run(sys.executable, "-m", "venv", str(folder / place))
        await _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS[place])
    if "checkov" in tools:
        python, asked = str(folder / "chart" / "bin" / "python"), json.dumps({"all": VALUES})
        said = json.loads(await _run(python, "deploy/helm/rendered.py", entered=asked))
        (folder / "rendered").mkdir(exist_ok=True)
        (folder / "rendered" / "chart.yaml").write_text(yaml.safe_dump_all(said["all"]["manifests"]))


async def _run(*command: str, entered: str = "") -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=TREE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate(entered.encode())
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return said.decode()


async def main(names: Sequence[str], *, short: bool) -> int:
    """Conduct those with these names, or all; 1 if one has failed."""
    chosen = [drill for drill in DRILLS if not names or drill.name in names]
    FOLDER.mkdir(exist_ok=True)
    await install(FOLDER, {drill.tools for drill in chosen} - {""})
    began, found = datetime.now(UTC), list[Outcome]()
    for drill in chosen:
        sys.stdout.write(f"{drill.name}: {drill.shows} ...\n")
        sys.stdout.flush()
        one = await conduct(drill, FOLDER, short=short)
        found.append(one)
        sys.stdout.write(f"  {'passed' if one.passed else 'FAILED'} in {one.seconds} s: {one.said}\n")
        (FOLDER / "report.md").write_text(report(found, began))
    return int(not all(one.passed for one in found))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *(drill.name for drill in DRILLS)], metavar="NAME")
    parser.add_argument("--short", action="store_true", help="the short form of each")
    asked = parser.parse_args()
    sys.exit(asyncio.run(main(asked.names, short=asked.short)))
