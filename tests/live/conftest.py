"""The live stream, with less patience."""

import pytest

from console.live import heartbeats


@pytest.fixture
def quick_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat five times a second; to be asked for before the web server whose heartbeats they are."""
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.2)
