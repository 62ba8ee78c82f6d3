"""A log line of an error has its trace, and no credential, IMSI, MSISDN or IMEI, whatever the error says."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from console import log

SECRETS = (
    "901405109991234",
    "882285109995678",
    "+4915112345678",
    "353338970123456",
    "0123456789abcdefghij0123456789abcdefghij",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "Zm9vYmFy-secret",
    "db-pass-word",
    "YWRhOnNlY3JldA==",
)
TEXT = (
    "Key (organization_id, msisdn)=(1, 882285109995678) exists; 901405109991234 of +4915112345678 in 353338970123456;"
    " key iot_key_AbCdEfGh_0123456789abcdefghij0123456789abcdefghij, whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,"
    " Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln, Basic YWRhOnNlY3JldA==, /join/Zm9vYmFy-secret,"
    " postgresql://console:db-pass-word@db/console"
)
KEPT = ("8988228066600000001", "req_012345678901234567890123", "1732900000000-0", "iot_key_AbCdEfGh", "12345678")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What a process logs, as a command sets it up; the suite's own log is as it was afterwards."""
    root, known, levels = logging.getLogger(), structlog.get_config(), {}
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in log.QUIETER}
    stream = io.StringIO()
    log.set_up("INFO", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, one in levels.items():
        logging.getLogger(name).setLevel(one)
    structlog.configure(**known)


def test_the_text_of_an_error_is_masked_and_its_trace_is_not(lines: io.StringIO) -> None:
    try:
        raise RuntimeError(TEXT)
    except RuntimeError:
        logging.getLogger("library").exception("it failed with %s", TEXT)
        logging.getLogger("library").info("kept %s", " ".join(KEPT), extra={})
        log.logger("test").exception("it failed", after={"text": [TEXT]}, error=ValueError(TEXT), bytes=882285109995678)
    written = lines.getvalue()
    assert [one for one in SECRETS if one in written.replace('"bytes": 882285109995678', "")] == []
    assert [one for one in KEPT if one not in written] == []
    first, _, last = (json.loads(line) for line in written.splitlines())
    assert "test_the_text_of_an_error" in first["exception"]
    assert "(organization_id, msisdn)=(1, [masked]) exists" in first["exception"]
    assert (last["message"], last["bytes"]) == ("it failed", 882285109995678)
