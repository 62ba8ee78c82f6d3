"""A real HTTP server on this machine that keeps what is posted to it, as a collector does."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep

import brotli  # type: ignore[import-untyped]
from msgspec import Struct, field
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

DECODED: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress, "": bytes}


class Collector(Struct):
    """What has been posted, by path, decompressed."""

    address: str = ""
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)  # cleared: nothing is answered

    def spans(self) -> list[tuple[str, Span]]:
        """The spans that OTLP posts had, each with its service."""
        found = []
        for path, body in self.posts:
            assert path == "/v1/traces"
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                about = {one.key: one.value.string_value for one in resource.resource.attributes}
                found += [(about["service.name"], span) for scope in resource.scope_spans for span in scope.spans]
        return found

    def waits_for(self, found: Callable[[], bool], seconds: float = 30) -> None:
        """Raises AssertionError unless it holds within this time."""
        until = monotonic() + seconds
        while not found():
            assert monotonic() < until, f"{len(self.posts)} posts have come"
            sleep(0.05)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector for as long as the block lasts."""
    collector = Collector()
    collector.answers.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.posts.append((self.path, DECODED[self.headers.get("Content-Encoding", "")](body)))
            collector.answers.wait(30)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    collector.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
