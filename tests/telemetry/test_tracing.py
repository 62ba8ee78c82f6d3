"""A trace goes from the request, through the row that asks for a job, to the job's run on a worker."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from msgspec import structs
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from console.api_keys.writes import put_key
from console.organizations.rules import PERMISSIONS, Role
from console.settings import Settings
from console.store.database import Database
from tests.cast import Cast
from tests.serving import serving
from tests.telemetry.collecting import collecting

pytestmark = pytest.mark.one_edition
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
IMSI = "901405109991234"


def _values(span: Span) -> dict[str, str]:
    return {one.key: one.value.string_value or str(one.value.int_value) for one in span.attributes}


async def test_a_trace_leads_from_a_request_to_the_run_that_it_asked_for(
    settings: Settings, db: Database, cast: Cast
) -> None:
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "engineer", PERMISSIONS[Role.ENGINEER], datetime.now(UTC))
    with collecting() as collector:
        known = structs.replace(settings, otel_exporter_otlp_endpoint=collector.address)
        async with serving(known) as web, web.program(key) as program:
            said = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
            asked = await program.post("/jobs/make_reports/run", headers=said)
            assert asked.status_code == 202
            assert (await program.get(f"/sims?q={IMSI}")).status_code == 200
            async with web.stream(key) as stream:
                await stream.recv()
        async with db.reading() as reading:
            stored = (await reading.execute(sa.text("SELECT traceparent FROM job_requests"))).scalars().all()
        assert [one for one in stored if one and one.startswith(f"00-{TRACE}-")], stored
        collector.waits_for(lambda: len(collector.spans()) == 2)
        spans = {span.name: span for _, span in collector.spans()}
        server = spans["POST /api/v1/jobs/{name}/run"]
        assert (server.trace_id.hex(), server.parent_span_id.hex()) == (TRACE, PARENT)
        assert server.kind == Span.SPAN_KIND_SERVER
        values = _values(server)
        assert (values["http.response.status_code"], values["http.route"]) == ("202", "/api/v1/jobs/{name}/run")
        assert values["sim_console.request_id"] == asked.headers["x-request-id"]
        assert spans["GET /api/v1/sims"].trace_id.hex() != TRACE, "sockets have no span, other requests their own trace"
        environment = {
            "DATABASE_URL": settings.database_url.replace("+asyncpg", ""),
            "REDIS_URL": settings.redis_url,
            "SECRET_KEY": settings.secret_key,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "jobs", env={**os.environ, **environment}, stdout=subprocess.DEVNULL
        )
        try:
            await asyncio.to_thread(
                collector.waits_for, lambda: any(span.name == "job make_reports" for _, span in collector.spans())
            )
        finally:
            worker.terminate()
            await asyncio.wait_for(worker.wait(), 20)
        runs = [(service, span) for service, span in collector.spans() if span.trace_id.hex() == TRACE]
        ((service, run),) = [one for one in runs if one[1].name == "job make_reports"]
        assert (service, run.parent_span_id) == ("sim-console-worker", server.span_id)
        assert _values(run)["sim_console.organization_id"] == str(cast.acme)
        assert IMSI.encode() not in b"".join(body for _, body in collector.posts)


async def test_a_collector_that_does_not_answer_delays_nobody(
    settings: Settings, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    with collecting() as collector:
        collector.answers.clear()
        known = structs.replace(settings, otel_exporter_otlp_endpoint=collector.address)
        async with serving(known) as web, web.program(cast.acme_key) as program:
            assert (await program.get("/sims")).status_code == 200
            await asyncio.to_thread(collector.waits_for, lambda: len(collector.posts) == 1)
            for _ in range(20):
                assert (await program.get("/sims")).status_code == 200
            assert len(collector.posts) == 1, "the first is not answered yet"
            collector.answers.set()
        collector.waits_for(lambda: len(collector.spans()) == 21)
