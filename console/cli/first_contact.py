"""What `console doctor` finds out about the accounts at 1NCE, and the file of forms that a user may send us."""

import asyncio
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from console.carrier.examination import CarrierExamination
from console.errors import NotReady

DIGITS = re.compile(r"\d{4,}|^\d+$")


async def examine_accounts() -> list[CarrierExamination]:
    """Ask 1NCE, by way of the jobs: only they speak to it. Nothing is changed or bought. NotReady if they fail."""
    command = (sys.executable, "-m", "jobs", "examine")
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, complaint = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        lines = complaint.decode("utf-8", "replace").strip().splitlines()
        raise NotReady(lines[-1] if lines else "The examination failed")
    return msgspec.json.decode(out, type=list[CarrierExamination])


def write_shapes(path: Path, examined: list[CarrierExamination]) -> None:
    """The forms of all answers, for us to learn from: keys and kinds, no value, no name, no number of a SIM."""
    written = {
        "console": version("sim-console"),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "accounts": [[_masked(shape) for shape in one.shapes] for one in examined],
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(written)) + b"\n")


def _masked(explored: dict[str, Any]) -> dict[str, Any]:
    """Bodies come masked; 1NCE's words may name a SIM, and its headers count them."""
    headers = {name: DIGITS.sub("number", text) for name, text in explored["headers"].items()}
    return {**explored, "note": DIGITS.sub("number", explored["note"]), "headers": headers}
