"""Engines: how the console connects to PostgreSQL."""

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from console import metrics
from console.store.replica import CONNECT_SECONDS, CONNECTIONS

TRIED_AFTER_SECONDS = 1.0  # without use
RETURNED = "returned_at"
STANDING_STILL_SECONDS = 60  # after which PostgreSQL ends a transaction whose process says nothing: it holds locks


def open_replica(read_url: str | None, statement_seconds: float | None = None) -> AsyncEngine | None:
    """The engine of DATABASE_READ_URL; None where there is none."""
    if read_url is None:
        return None
    return open_engine(read_url, CONNECTIONS, statement_seconds, connect_seconds=CONNECT_SECONDS)


def open_engine(
    database_url: str,
    connections: int = 10,
    statement_seconds: float | None = None,
    *,
    connect_seconds: float = 60.0,
) -> AsyncEngine:
    """An engine that connects when it is used. It keeps what it has compiled, also when it is disposed of."""
    engine = create_async_engine(
        database_url,
        pool_size=connections,
        max_overflow=0,
        pool_recycle=1800,
        hide_parameters=True,  # errors are logged, and parameters hold phone numbers and messages
        connect_args={"server_settings": server_settings(statement_seconds), "timeout": connect_seconds},
    )
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *_: metrics.statements.inc())
    _try_before_use(engine)
    return engine


def _try_before_use(engine: AsyncEngine) -> None:
    """Ask a connection that has been idle whether it still works; of one that was just used, the socket says so."""
    dialect = engine.sync_engine.dialect

    def returned(connection: Any, record: Any) -> None:
        record.info[RETURNED] = time.monotonic()

    def taken(connection: Any, record: Any, _: Any) -> None:
        if record.info.get(RETURNED) is None:  # it was opened just now
            return
        try:
            works = not connection.driver_connection.is_closed()
            if works and time.monotonic() - record.info[RETURNED] > TRIED_AFTER_SECONDS:
                works = dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error
        if not works:
            raise InvalidatePoolError  # this one and those opened before it are replaced

    event.listen(engine.sync_engine, "checkin", returned)
    event.listen(engine.sync_engine, "checkout", taken)


def server_settings(statement_seconds: float | None) -> dict[str, str]:
    """What each session is to have set."""
    found = {"application_name": "console", "timezone": "UTC", "jit": "off"}
    # What a SIM is shown with stands in eight tables: beside one more, PostgreSQL would join them for the whole fleet.
    found |= {"join_collapse_limit": "12", "from_collapse_limit": "12"}
    found["idle_in_transaction_session_timeout"] = str(STANDING_STILL_SECONDS * 1000)
    if statement_seconds is not None:
        found["statement_timeout"] = str(round(statement_seconds * 1000))
    return found
