"""What is sent to SENTRY_DSN names the fault and its place, and holds no secret, IMSI, MSISDN or ICCID."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from console.log import MASK
from console.settings import Settings, SettingsError, from_environment
from console.telemetry.error_reports import masked, secrets_of
from tests.telemetry.collecting import Collector, collecting

NUMBERS = ("901405109991234", "882285109995678", "+882285109995678", "8988228066600000001", "353338970123456")
WORDS = (
    "iot_key_AbCdEfGh_0123456789",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "/join/Zm9vYmFy-secret",
    "hunter2-of-ada",
    "db-pass-word",
    "tok-of-metrics-123456",
    "k" * 40,
)
TEXT = (
    f"could not use {' '.join(NUMBERS)}; {WORDS[0]} {WORDS[1]} {WORDS[2]} GET {WORDS[3]} password={WORDS[4]}"
    f" at postgresql://console:{WORDS[5]}@db/console {WORDS[6]} {WORDS[7]}"
)


def _sent(collector: Collector, request_id: str) -> list[dict[str, Any]]:
    known = {
        "DATABASE_URL": f"postgresql://console:{WORDS[5]}@127.0.0.1:1/console",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": WORDS[7],
        "METRICS_TOKEN": WORDS[6],
        "SENTRY_DSN": f"{collector.address.replace('http://', 'http://public@')}/7",
        "TEXT": TEXT,
        "REQUEST_ID": request_id,
    }
    command = [sys.executable, "-m", "tests.telemetry.failing"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **known})
    assert ended.returncode == 0, ended.stderr
    lines = [line for path, body in collector.posts if path == "/api/7/envelope/" for line in body.splitlines()]
    return [event for line in lines if "exception" in (event := json.loads(line))]


def test_an_error_is_sent_without_what_must_stay_here() -> None:
    with collecting() as collector:
        (event,) = _sent(collector, "req_0123456789abcdef01234567")
        whole = b"".join(body for _, body in collector.posts).decode()
    first, second = event["exception"]["values"]
    assert (first["type"], second["type"]) == ("ValueError", "RuntimeError")
    assert second["stacktrace"]["frames"][-1]["function"] == "fails"
    assert "could not use" in second["value"]
    assert MASK in first["value"]
    assert event["logentry"]["message"] == "something went wrong"
    assert event["tags"] == {
        "service": "web",
        "organization_id": "7",
        "request_id": "req_0123456789abcdef01234567",
    }
    assert [one for one in (*NUMBERS, *WORDS, "abc.def") if one in whole] == []
    assert not any("vars" in frame for one in (first, second) for frame in one.get("stacktrace", {}).get("frames", []))
    assert not {"request", "user", "breadcrumbs", "extra"} & event.keys()


def test_an_id_that_a_client_chose_is_not_sent() -> None:
    with collecting() as collector:
        (event,) = _sent(collector, "imsi-901405109991234")
    assert event["tags"] == {"service": "web", "organization_id": "7"}


def test_secrets_are_those_of_the_settings_and_within_addresses() -> None:
    settings = Settings(
        database_url="postgresql+asyncpg://a:p%40ss-word@db/c",
        redis_url="redis://:redis-pass@r/0",
        secret_key="new-key-1234,old-key-1234",
        audit_key=("2026:audit-key-1234",),
    )
    found = secrets_of(settings)
    assert {"p@ss-word", "p%40ss-word", "redis-pass", "new-key-1234", "old-key-1234", "audit-key-1234"} <= {*found}
    assert masked({"a": ["x p@ss-word y", 3, None]}, found) == {"a": [f"x {MASK} y", 3, None]}


@pytest.mark.parametrize("name", ["SENTRY_DSN", "OTEL_EXPORTER_OTLP_ENDPOINT"])
def test_an_address_that_is_none_stops_the_start(name: str) -> None:
    known = {"DATABASE_URL": "postgresql://a@b/c", "REDIS_URL": "redis://r", "SECRET_KEY": "k" * 32}
    with pytest.raises(SettingsError, match=name):
        from_environment({**known, name: "collector:4318"})
