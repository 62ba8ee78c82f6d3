"""A free port on this machine's own address."""

import random
import socket
from pathlib import Path

HOST = "127.0.0.1"
# Below the range from which the kernel takes the ports of outgoing connections. A client that knocks at a server
# which is just being restarted could otherwise be given that very port, and keep the server from coming back.
_RANGE = (20_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen here now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port where nobody listens now; someone may still be quicker, so whoever uses it must be ready to ask again."""
    for _ in range(100):
        port = random.randint(*_RANGE)
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def kept_port(file: Path) -> int:
    """The port that this file names, if nobody listens there now; else a free one, which it names from now on.

    Organizations that were made on a page know the simulated 1NCE by its address.
    """
    try:
        port = int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        port = 0
    if not _RANGE[0] <= port <= _RANGE[1] or not is_free(port):
        port = free_port()
        file.write_text(f"{port}\n", encoding="ascii")
    return port
