"""Log lines: one JSON object each, with the ids of the request or the job that they belong to.

The text of an error can hold anything: what looks like a credential, an IMSI, an MSISDN or an IMEI is masked.
"""

import logging
import re
import sys
from typing import Any, TextIO

import structlog

MASK = "[masked]"
# API keys behind the part that may be shown, signing secrets, tokens, passwords of addresses, links that are keys.
CREDENTIAL = re.compile(
    r"(?<=iot_key_\w{8}_)\w+|\bwhsec_[\w+/=-]+|\beyJ[\w-]+\.[\w.-]+"
    r"|(?i:(?<=basic )|(?<=bearer ))(?=\S*[\d=])[\w.~+/=-]{8,}|(?<=://)[^\s/@]+(?=@)|(?<=/join/)[\w-]+|(?<=/forwarder/)[\w.-]+"
)
NUMBER = re.compile(r"(?<!\w)\+?\d{11,16}(?!\w|-\d)")  # an ICCID has 18 digits or more; `-` follows in Redis's ids
# What is cheaper to look for first, in all texts of a line at once: one is logged for each request.
DIGITS, MOST_DIGITS = re.compile(r"\d{11,}"), 16
MARKS = ("iot_key_", "whsec_", "eyJ", "asic ", "earer ", "ASIC ", "EARER ", "://", "/join/", "/forwarder/")
PLAIN = {str, int, float, bool, type(None)}
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
                without_secrets,
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


def without_secrets(_logger: Any, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The line without what must be in no log, at any depth."""
    kinds = {one.__class__ for one in event.values()}
    text = "\n".join([one for one in event.values() if one.__class__ is str])
    suspect = [mark for mark in MARKS if mark in text] or [
        one for one in DIGITS.findall(text) if len(one) <= MOST_DIGITS
    ]
    if kinds <= PLAIN and not suspect:
        return event
    return {name: _masked(value) for name, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return NUMBER.sub(MASK, CREDENTIAL.sub(MASK, value))
    if isinstance(value, dict):
        return {name: _masked(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one) for one in value]
    return value if value.__class__ in PLAIN else _masked(repr(value))  # as it would be rendered


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose lines carry the ids bound with `structlog.contextvars`."""
    log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return log
