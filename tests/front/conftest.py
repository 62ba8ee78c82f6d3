"""Real Chromium, as in the tests of the ring."""

from tests.ring.conftest import browser, page

__all__ = ["browser", "page"]
