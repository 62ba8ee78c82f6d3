"""Real simulations for the tests: each is its own process on a free port of this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
API = "/management-api"


class Simulated:
    """A running simulation with a signed-in client. `get`, `post` and `put` call the API, `sim` to `/_sim`."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address
        self.client = httpx.Client(base_url=address, trust_env=False, timeout=60)
        self.token = ""

    def sign_in(self) -> dict[str, Any]:
        asked = {"grant_type": "client_credentials"}
        answer: dict[str, Any] = self.client.post(f"{API}/oauth/token", auth=("demo", "demo-secret"), json=asked).json()
        self.token = answer["access_token"]
        return answer

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        if not self.token:
            self.sign_in()
        headers = {"authorization": f"Bearer {self.token}"}
        return self.client.request(method, f"{API}{path}", headers=headers, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)

    def put(self, path: str, **more: Any) -> httpx.Response:
        return self.request("PUT", path, **more)

    def delete(self, path: str) -> httpx.Response:
        return self.request("DELETE", path)

    def texted(self, iccid: str, payload: str = "status", **more: Any) -> str:
        """Send a message to the device; the id of it."""
        answer = self.post(f"/v2/sims/{iccid}/sms", json={"payload": payload, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def listening(self) -> str:
        """The ICCID of a SIM that messages reach, that has none, and to which nobody has done anything; it is held."""
        touched = {line["iccid"] for line in self.sim("GET", "ledger")}
        iccid = next(
            str(truth["iccid"])
            for truth in self.sim("GET", "sims")
            if truth["status"] == "Enabled" and truth["imei"] and truth["sms_volume"] > 0
            if not (truth["expired"] or truth["messages"] or truth["held"] or truth["iccid"] in touched)
        )
        self.set(iccid, connection="ATTACHED", rat="LTE", memory_full=False, held=True)
        return iccid

    def ledger(self, iccid: str = "") -> list[tuple[str, dict[str, Any]]]:
        """What took effect on a SIM, or on the account as a whole: kind and detail of each line."""
        return [(line["kind"], line["detail"]) for line in self.sim("GET", "ledger") if line["iccid"] == iccid]

    def sim(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that the control handler answers with; fails the test when it refuses."""
        answer = self.client.request(method, f"/_sim/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def set(self, iccid: str, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.sim("POST", f"sims/{iccid}", fields)
        return answer

    def truth(self, iccid: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.sim("GET", f"sims/{iccid}")
        return answer

    def iccids(self) -> list[str]:
        """All that the inventory lists, in its order."""
        found: list[str] = []
        page = 1
        while True:
            sims = self.get("/v2/sims", params={"page": page, "pageSize": 100}).json()
            if not sims:
                return found
            found += [sim["iccid"] for sim in sims]
            page += 1

    def some(self, connection: str, n: int = 0) -> str:
        """The ICCID of the nth SIM that is so connected, enabled, with plenty left, not locked and not out of order."""
        fit = [
            str(truth["iccid"])
            for truth in self.sim("GET", f"sims?connection={connection}")
            if truth["status"] == "Enabled" and truth["quota_class"] == 0 and truth["imei"]
            if not (truth["limit_reached"] or truth["expired"] or truth["imei_lock"])
        ]
        return fit[n]

    def end(self) -> int:
        self.client.close()
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(10)


def start(*flags: str) -> Simulated:
    """A new simulation of 300 SIMs that stands still and knows no limit of calls, unless the flags say otherwise."""
    command = [sys.executable, "-m", "simulator", "--port", "0", "--sims", "300", "--seed", "7", "--rate", "0"]
    command += ["--stream-every", "0.1", "--stream-nulls", "0", *flags]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"simulated 1NCE listening on (http://[^/]+)/management-api", line)
    assert found, line
    return Simulated(process, found[1])


@pytest.fixture(scope="session")
def looked_at() -> Iterator[Simulated]:
    """A simulation that stands still and that no test changes."""
    simulated = start("--still")
    yield simulated
    assert simulated.end() == 0


@pytest.fixture(scope="session")
def _worked_on() -> Iterator[Simulated]:
    simulated = start("--still")
    yield simulated
    assert simulated.end() == 0


@pytest.fixture
def simulated(_worked_on: Simulated) -> Iterator[Simulated]:
    """A simulation that stands still; each test picks its own SIMs and leaves no faults behind."""
    yield _worked_on
    _worked_on.sim("DELETE", "faults")
    _worked_on.sim("POST", "capabilities", {"orders": True, "products": True, "support": True, "usage": False})
    _worked_on.sim(
        "POST",
        "quirks",
        {"shifting_pages": False, "orders_by_number": False, "buffered_shown": False, "retry_after": True},
    )


@pytest.fixture
def started() -> Iterator[Callable[..., Simulated]]:
    """Starts simulations of a test's own, and ends them after it."""
    running: list[Simulated] = []

    def begin(*flags: str) -> Simulated:
        running.append(start(*flags))
        return running[-1]

    yield begin
    for one in running:
        one.end()
