"""HTTP as uvicorn reads it, with bounds on the head of a request: so many bytes, and so long to send them."""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 15.0


class BoundedHttp(HttpToolsProtocol):
    """One connection. A head that is too long is answered 431, one that takes too long 408; both end it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._head_due: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """A head is due from now on."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes before a head is whole. The parser is given small pieces, so that none can be endless."""
        for start in range(0, len(data), HEAD_BYTES):
            if self._head_due is not None:
                self._head_bytes += min(HEAD_BYTES, len(data) - start)
                if self._head_bytes > HEAD_BYTES * 2:
                    self._refuse(431)
                    return
            super().data_received(data[start : start + HEAD_BYTES] if len(data) > HEAD_BYTES else data)
            if self.transport.is_closing():
                return

    def on_message_begin(self) -> None:
        """A keep-alive connection brings its next request."""
        super().on_message_begin()
        if self._head_due is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_is_here()
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._head_due = self.loop.call_later(HEAD_SECONDS, self._refuse, 408)

    def _head_is_here(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _refuse(self, status: int) -> None:
        self._head_is_here()
        if not self.transport.is_closing():
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
