"""Which errors of libraries have an answer of their own: those of Litestar, PostgreSQL and Redis."""

from typing import Any

import asyncpg  # type: ignore[import-untyped]
from litestar.exceptions import HTTPException, InternalServerException
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from console.errors import CODES_BY_STATUS, BadRequest, ConsoleError, NotReady
from console.log import logger
from console.store.sqlstates import sqlstate

OF_POSTGRESQL = (DBAPIError, asyncpg.PostgresError)
UNREACHABLE = ("08", "53", "57P")  # SQLSTATE: connection, resources, shutdown


def known_error(error: Exception) -> ConsoleError | None:
    """The error as it is answered; None for one that nobody has foreseen."""
    if isinstance(error, ConsoleError):
        return error
    if isinstance(error, InternalServerException) and error.detail.startswith("client disconnected"):
        return BadRequest("The client has gone before it had sent the whole request")
    if isinstance(error, HTTPException) and error.status_code < 500:
        found = ConsoleError(_sentence(error), **_details(error))
        found.status = error.status_code  # type: ignore[misc]
        found.code = CODES_BY_STATUS.get(error.status_code, "BAD_REQUEST")  # type: ignore[misc]
        found.headers = dict(error.headers or {})  # type: ignore[misc]
        return found
    if isinstance(error, (*OF_POSTGRESQL, asyncpg.InterfaceError, RedisError, OSError, TimeoutError)):
        if isinstance(error, OF_POSTGRESQL) and not _unreachable(error):
            match sqlstate(error):
                case "22021":  # a NUL in a text
                    return BadRequest("A text holds a character that can't be stored")
                case "57014":  # the statement timeout
                    logger("web").warning("a statement took too long and was ended")
                    return NotReady("That takes the database too long: ask for less")
                case _:
                    return None
        logger("web").warning(
            "the database or Redis does not answer", reason=str(error).splitlines()[0] if str(error) else ""
        )
        return NotReady("The database or Redis does not answer: try again")
    return None


def _unreachable(error: Exception) -> bool:
    """Whether it is the connection that failed, and not the question: the words of the question prove nothing."""
    if sqlstate(error).startswith(UNREACHABLE) or isinstance(error, asyncpg.PostgresConnectionError):
        return True
    return isinstance(error, DBAPIError) and (error.connection_invalidated or "connection" in str(error.orig).lower())


def _sentence(error: HTTPException) -> str:
    if error.status_code == 404:
        return "There is no such page"
    if error.status_code == 405:
        return "This address does not take that method"
    return error.detail.split(" for ")[0] if error.detail.startswith("Validation failed") else error.detail


def _details(error: HTTPException) -> dict[str, Any]:
    extra = error.extra
    if isinstance(extra, list):
        return {"faults": [{k: v for k, v in one.items() if k in ("key", "message", "source")} for one in extra]}
    return dict(extra or {})
