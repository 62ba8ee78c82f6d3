"""The trace that the present work belongs to (W3C Trace Context), for what is written down with it."""

from contextvars import ContextVar

traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)  # None: nothing is traced
