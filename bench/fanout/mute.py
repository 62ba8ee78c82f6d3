"""A client that never reads. It can't see that the server has given it up: what was sent before stands in its way."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

SMALL = 4096  # bytes that its own system may hold for it


class SilentClient:
    """Opened, greeted, and silent."""

    def __init__(self, port: int, path: str, header: str) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self._socket.connect(("127.0.0.1", port))
        lines = [f"GET {path} HTTP/1.1", "Host: bench", "Upgrade: websocket", "Connection: Upgrade", header]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", ""]
        self._socket.sendall("\r\n".join(lines).encode())
        if not self._socket.recv(12).startswith(b"HTTP/1.1 101"):
            raise ConnectionError("the client that never reads was refused")

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


@contextmanager
def silent_client(port: int, path: str, header: str) -> Iterator[SilentClient]:
    """One, until the block ends."""
    found = SilentClient(port, path, header)
    try:
        yield found
    finally:
        found.close()
