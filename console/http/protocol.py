"""HTTP as uvicorn reads it, with bounds on the head of a request: so many bytes, and so long to send them."""

from asyncio import TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 15.0
# Of a body that has been answered already; whoever goes on sending it is let go.
UNREAD_BYTES = 1024 * 1024
UNREAD_SECONDS = 15.0
NO_BODY = (
    b"content-length: 0\r\nconnection: close\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n"
    b"content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n\r\n"
)


class BoundedHttp(HttpToolsProtocol):
    """One connection. A head that is too long is answered 431, one that takes too long 408, one that is none 400."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._unread_bytes = 0
        self._head_due: TimerHandle | None = None
        self._rest_due: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """A head is due from now on."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._head_is_here()
        self._rest_is_here()
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
        self._unread_bytes = 0
        if self._head_due is None:
            self._await_head()

    def on_body(self, body: bytes) -> None:
        """What comes after a refusal is thrown away, and not for long: RFC 9110, 15.5.14 lets the server close."""
        super().on_body(body)
        if self.cycle is not None and self.cycle.response_complete:
            self._unread_bytes += len(body)
            self._rest_due = self._rest_due or self.loop.call_later(UNREAD_SECONDS, self.transport.close)
            if self._unread_bytes > UNREAD_BYTES:
                self.transport.close()

    def on_message_complete(self) -> None:
        """The body is whole, answered already or not."""
        self._rest_is_here()
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """End the watch over how long a head takes to come. One without or with two hosts is answered 400."""
        self._head_is_here()
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise ValueError("RFC 9112, 3.2 wants one Host header")  # the parser gives up, and uvicorn answers
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP: nothing of it is said again, and the connection ends."""
        self._refuse(400)

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._head_due = self.loop.call_later(HEAD_SECONDS, self._refuse, 408)

    def _head_is_here(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _rest_is_here(self) -> None:
        if self._rest_due is not None:
            self._rest_due.cancel()
            self._rest_due = None

    def _refuse(self, status: int) -> None:
        self._head_is_here()
        if not self.transport.is_closing():
            self.transport.write(STATUS_LINE[status] + NO_BODY)
            self.transport.close()
