"""PostgreSQL's codes for what went wrong."""


def sqlstate(error: BaseException) -> str:
    """The code of an error of PostgreSQL, as asyncpg raises it or in SQLAlchemy's; empty if it is none of its."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def is_deadlock(error: BaseException) -> bool:
    """Whether PostgreSQL ended this transaction for another's sake (a deadlock): do it again."""
    return sqlstate(error).startswith("40")


def has_nul(error: BaseException) -> bool:
    """Whether a text had a character that PostgreSQL does not keep; of those in UTF-8 that is NUL alone."""
    return sqlstate(error) == "22021"


def is_duplicate(error: BaseException) -> bool:
    """Whether a row with the same key was there."""
    return sqlstate(error) == "23505"
