"""PostgreSQL's codes for what went wrong."""


def sqlstate(error: BaseException) -> str:
    """The code of an error of PostgreSQL, as asyncpg raises it or in SQLAlchemy's; empty if it is none of its."""
    return str(getattr(getattr(error, "orig", error), "sqlstate", None) or "")


def is_deadlock(error: BaseException) -> bool:
    """Whether PostgreSQL ended this transaction for another's sake (a deadlock): do it again."""
    return sqlstate(error).startswith("40")
