"""Health and metrics, for load balancers and for Prometheus: without a sign-in, and the truth."""

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from console.api_keys.rules import new_key
from console.settings import Settings
from tests.api.conftest import Promise
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served, serving

pytestmark = pytest.mark.one_edition
PREFIXES = ("", "/api/v1")
READINESS = [prefix + path for prefix in PREFIXES for path in ("/health", "/health/ready", "/health/services")]


async def test_a_healthy_console_says_so_with_and_without_the_prefix(web: Served, promise: Promise) -> None:
    async with web.stranger() as stranger:
        for path in READINESS:
            answer = await stranger.get(path)
            assert answer.status_code == 200
            assert answer.json()["status"] in ("ok", "degraded")
            assert {one["name"] for one in answer.json()["services"]} >= {"database", "redis", "migrations", "live"}
            assert promise.broken_by(answer.json(), {"$ref": "#/components/schemas/Health"}) == []
            assert answer.headers["Cache-Control"] == "no-store"
        for prefix in PREFIXES:
            assert (await stranger.get(prefix + "/health/live")).json() == {"status": "ok"}
            assert (await stranger.get(prefix + "/health/odd")).status_code == 404


async def test_a_console_without_its_database_lives_but_is_not_ready(sick: Served, promise: Promise) -> None:
    async with sick.stranger() as stranger:
        for path in READINESS[2:5]:
            answer = await stranger.get(path, timeout=10)
            assert answer.status_code == 503
            assert answer.json()["status"] == "down"
            assert {one["name"]: one["healthy"] for one in answer.json()["services"]}["database"] is False
            assert promise.broken_by(answer.json(), {"$ref": "#/components/schemas/Health"}) == []
            assert "nobody" not in answer.text
        for prefix in PREFIXES:
            assert (await stranger.get(prefix + "/health/live")).status_code == 200


async def test_without_its_database_the_api_says_that_it_is_not_ready(sick: Served, promise: Promise) -> None:
    async with sick.program(new_key()[1]) as program:
        for path in ("/sims", f"/sims/{ADAS_SIM}", "/usage"):
            answer = await program.get(path)
            assert answer.status_code == 503
            assert answer.json()["error"]["code"] == "NOT_READY"
            assert promise.error(answer.json()) == []
        assert (await program.get("/openapi.json")).status_code == 200
        assert (await program.get("/docs")).status_code == 200


async def test_without_redis_the_api_answers_and_the_console_is_degraded(settings: Settings, cast: Cast) -> None:
    deaf = msgspec.structs.replace(settings, redis_url="redis://127.0.0.1:1/0")
    async with serving(deaf) as served, served.program(cast.acme_key) as ada:
        answer = await ada.get("/sims")
        assert answer.status_code == 200
        assert answer.headers["X-RateLimit-Remaining"]
        health = await ada.get("/health/ready")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")


async def test_a_word_in_the_question_is_not_taken_for_a_lost_connection(web: Served, cast: Cast) -> None:
    """The database's refusals quote the question, and a question may well name a connection."""
    cursor = "WyJkYXRhX2xlZnRfYnl0ZXMsaWNjaWQiLDEwMDAwMDAwMDAwMDAwMDAwMDAwMDAsIngiXQ"  # a number too large for it
    async with web.program(cast.acme_key) as ada:
        assert (await ada.get("/sims", params={"connection": "\0"})).status_code == 400
        assert (await ada.get("/sims", params={"sort": "data_left_bytes", "cursor": cursor})).status_code == 400


async def test_metrics_can_be_read_by_prometheus_and_name_no_sim(web: Served, cast: Cast) -> None:
    async with web.program(cast.acme_key) as ada, web.stranger() as stranger:
        await ada.get(f"/sims/{ADAS_SIM}")
        await ada.get("/nothing-here")
        await ada.request("MADEUP", "/sims")
        answer = await stranger.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    routes = {sample.labels["route"] for sample in families["console_http_request_seconds"].samples}
    assert any("iccid" in route for route in routes)
    assert ADAS_SIM not in answer.text
    assert "MADEUP" not in answer.text
    assert "/nothing-here" not in answer.text


async def test_metrics_need_the_token_once_there_is_one(settings: Settings) -> None:
    guarded = msgspec.structs.replace(settings, metrics_token="a-token-for-prometheus")
    async with serving(guarded) as served, served.stranger() as stranger:
        for sent in ({}, {"Authorization": "Bearer another"}, {"Authorization": "Basic a-token-for-prometheus"}):
            answer = await stranger.get("/metrics", headers=sent)
            assert answer.status_code == 401
            assert "console_http_request_seconds" not in answer.text
        answer = await stranger.get("/metrics", headers={"Authorization": "Bearer a-token-for-prometheus"})
        assert answer.status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Forwarded-Proto", "X-Real-IP"])
async def test_without_a_token_nobody_behind_a_proxy_reads_the_metrics(web: Served, header: str) -> None:
    async with web.stranger() as stranger:
        answer = await stranger.get("/metrics", headers={header: "127.0.0.1"})
        assert answer.status_code == 403
        assert "console_http_request_seconds" not in answer.text


async def test_the_web_server_does_not_repeat_the_gauges_of_the_installation(web: Served) -> None:
    async with web.stranger() as stranger:
        text = (await stranger.get("/metrics")).text
    assert "console_live_sockets" in text
    for name in ("console_outbox_waiting", "console_carrier_circuit_state", "console_quota_differences"):
        assert name not in text
