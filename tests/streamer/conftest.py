"""The organization whose posts are taken in."""

from tests.jobs.conftest import acme  # noqa: F401
