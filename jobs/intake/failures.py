"""What an attempt at posts failed of: the posts themselves, others at work, or a database that does not answer."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from console.store.sqlstates import is_deadlock, sqlstate

REFUSED = ("21", "22", "23", "54")  # SQLSTATE: data that can't be stored, now or ever


def is_refusal(error: Exception) -> bool:
    """Whether the fault lies with what was to be stored: anything but a database that does not answer or is busy."""
    if isinstance(error, DBAPIError):
        return not error.connection_invalidated and (sqlstate(error).startswith(REFUSED) or not sqlstate(error))
    return not isinstance(error, (OSError, TimeoutError, SQLAlchemyError))


def is_conflict(error: Exception) -> bool:
    """Whether PostgreSQL ended it for another's sake."""
    return isinstance(error, DBAPIError) and is_deadlock(error)


def is_loss(error: Exception) -> bool:
    """Whether the connection to the database is lost: nothing more can be tried on it."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, (OSError, TimeoutError))


def reason_of(error: Exception) -> str:
    """Why, without the values that the database was given: those can be numbers of people, and their messages."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return f"{type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else ''}"[:200]
