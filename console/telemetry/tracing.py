"""Traces by OpenTelemetry, sent to OTEL_EXPORTER_OTLP_ENDPOINT: a span for each HTTP request and each run of a job.

Names of routes, methods, statuses, ids of requests and organizations: no address, query, header or body is in a span.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from console.settings import Settings
from console.telemetry.trace_context import traceparent

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanKind

TRACES = "/v1/traces"  # of an endpoint (OTLP/HTTP, "Endpoint URLs")
CLOSING_MS = 3_000


class Tracing:
    """Makes spans and sends them in the background; what can't be sent is dropped, and nobody waits for it."""

    def __init__(self, endpoint: str, service: str) -> None:
        """`service`: "web" or "worker". Needs the extra `otel`; OTEL_* variables set the rest, such as the sampler."""
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        about = {"service.name": f"sim-console-{service}", "service.version": version("sim-console")}
        self._provider = TracerProvider(resource=Resource.create(about))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint.rstrip("/") + TRACES)))
        self._tracer = self._provider.get_tracer("console")
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, scope: Any) -> Iterator["Span"]:
        """Around an HTTP request; continues the trace of its `traceparent`."""
        from opentelemetry.trace import SpanKind

        said = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name == b"traceparent"
        }
        with self._span(scope["method"], SpanKind.SERVER, said, {"http.request.method": scope["method"]}) as span:
            yield span

    @contextmanager
    def run(self, job: str, organization_id: int, parent: str | None) -> Iterator[None]:
        """Around a run of a job; `parent`: the `traceparent` of what asked for it."""
        from opentelemetry.trace import SpanKind

        said = {"traceparent": parent} if parent else {}
        known = {"sim_console.job": job, "sim_console.organization_id": organization_id}
        with self._span(f"job {job}", SpanKind.CONSUMER, said, known):
            yield

    @contextmanager
    def _span(self, name: str, kind: "SpanKind", said: Mapping[str, str], known: Mapping[str, Any]) -> Iterator["Span"]:
        from opentelemetry.trace import set_span_in_context

        parent = self._propagator.extract(said)
        # The text of an exception may hold anything: that it failed is enough.
        span = self._tracer.start_span(name, context=parent, kind=kind, attributes=dict(known), record_exception=False)
        carried: dict[str, str] = {}
        self._propagator.inject(carried, context=set_span_in_context(span, parent))
        token = traceparent.set(carried.get("traceparent"))
        try:
            with structlog.contextvars.bound_contextvars(trace_id=f"{span.get_span_context().trace_id:032x}"):
                yield span
        except BaseException as error:
            _failed(span, type(error).__name__)
            raise
        finally:
            traceparent.reset(token)
            span.end()

    def flush(self) -> None:
        """Send what waits, for a short time. It blocks."""
        self._provider.force_flush(CLOSING_MS)


def tracing_of(settings: Settings, service: str) -> Tracing | None:
    """The tracing of a process; None where nobody has named a collector."""
    endpoint = settings.otel_exporter_otlp_endpoint
    return None if endpoint is None else Tracing(endpoint, service)


class TracedRequests:
    """ASGI middleware around HTTP requests. Sockets are left alone: each would be a span without an end."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on within a span that says how it ended."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        with self._tracing.request(scope) as span:

            async def answer(message: Message) -> None:
                if message["type"] == "http.response.start":
                    route = str(scope.get("path_template") or "unknown")
                    span.update_name(f"{scope['method']} {route}")
                    span.set_attribute("http.route", route)
                    span.set_attribute("http.response.status_code", message["status"])
                    span.set_attribute("sim_console.request_id", str(scope["state"].get("request_id", "")))
                    if message["status"] >= 500:
                        _failed(span, str(message["status"]))
                await send(message)

            await self._app(scope, receive, answer)


def _failed(span: "Span", why: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", why)
    span.set_status(Status(StatusCode.ERROR))
