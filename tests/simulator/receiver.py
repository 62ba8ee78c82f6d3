"""A customer's address for the Data Streamer and the SMS Forwarder: keeps what is posted, answers as asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """`posts` are the bodies in order of arrival, `accepted` those that were answered with 200."""

    def __init__(self) -> None:
        self.posts: list[Any] = []
        self.accepted: list[Any] = []
        self.methods: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[int] = []  # what to answer next; 200 when there is nothing left
        self.address = ""

    def forget(self) -> None:
        """As if nothing had come yet."""
        for kept in (self.posts, self.accepted, self.methods, self.headers):
            kept.clear()

    def records(self) -> list[dict[str, Any]]:
        return [record for post in self.accepted for record in post]

    def usage(self) -> list[dict[str, Any]]:
        """Of data; messages are not among them."""
        return [record for record in self.records() if record.get("traffic_type", {}).get("id") == 5]

    def events(self) -> list[dict[str, Any]]:
        return [record for record in self.records() if "event_type" in record]

    def until(self, true: Callable[[], bool], seconds: float = 8) -> None:
        """Wait for it; fails the test when it does not come."""
        ends = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < ends, "it did not come"
            time.sleep(0.02)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status = receiver.answers.pop(0) if receiver.answers else 200
            receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
            receiver.methods.append(self.command)
            receiver.posts.append(body)
            if status == 200:
                receiver.accepted.append(body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", receiver.address)
            self.send_header("content-length", "0")
            self.end_headers()

        do_PATCH = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.address = f"http://127.0.0.1:{server.server_address[1]}/streamer/demo"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
