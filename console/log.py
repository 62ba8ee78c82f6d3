"""Log lines: one JSON object each, with the ids of the request or the job that they belong to."""

import logging
import sys
from typing import TextIO

import structlog

QUIETER = ("alembic", "asyncio", "httpcore", "httpx", "saq", "uvicorn")


def set_up(level: str, stream: TextIO = sys.stdout) -> None:
    """Send everything, our own lines and the libraries', through one JSON renderer. Called once, by a command."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,  # never with local variables: they hold secrets
                structlog.processors.EventRenamer("message"),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIETER:
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.WARNING))


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose lines carry the ids bound with `structlog.contextvars`."""
    log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return log
