"""What the console counts of itself, for Prometheus. Never an ICCID in a label."""

import asyncio
import contextlib
from collections.abc import Iterable

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from redis.asyncio import Redis
from redis.exceptions import RedisError

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

requests = Histogram(
    "console_http_request_seconds", "Time to answer a request", ["method", "route", "status"], buckets=SECONDS
)
sockets = Gauge("console_live_sockets", "Open live connections", ["door"])
sockets_cut = Counter("console_live_sockets_cut_total", "Live connections that the console ended", ["door", "reason"])
frames = Counter("console_live_frames_total", "Messages sent to live connections", ["door"])
fanout = Histogram(
    "console_live_fanout_seconds", "From the telling of a fact to its hand-over to the sockets", buckets=SECONDS
)
feed_up = Gauge("console_live_feed_up", "1 while the subscription to Redis stands")
feed_reconnects = Counter("console_live_feed_reconnects_total", "Times the subscription to Redis was made anew")
feed_gaps = Counter("console_live_feed_gaps_total", "Gaps in the sequence that were filled from the stream")
facts_told = Counter("console_facts_told_total", "Facts told to Redis", ["kind"])
tellings_failed = Counter("console_tellings_failed_total", "Tellings that Redis did not take; the outbox keeps them")
outbox_waiting = Gauge("console_outbox_waiting", "Transactions whose facts wait in the outbox")
polls = Counter("console_once_calls_total", "Calls to 1NCE", ["operation", "outcome"])
poll_seconds = Histogram("console_once_call_seconds", "Time that 1NCE took to answer", ["operation"], buckets=SECONDS)
account_lines = Gauge(
    "console_once_line_state", "The line to 1NCE: 0 closed, 1 half open (being tried), 2 open", ["organization"]
)
account_operations_off = Gauge(
    "console_once_operations_off", "Operations that 1NCE does not offer the account", ["organization"]
)
changes = Counter("console_changes_total", "Rows that a job really changed", ["job"])
job_runs = Counter("console_job_runs_total", "Runs of jobs", ["job", "state"])
job_seconds = Histogram(
    "console_job_run_seconds", "How long a run took", ["job"], buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)
)
stream_records = Counter("console_stream_records_total", "Records pushed by 1NCE", ["kind", "outcome"])
stream_batches = Counter(
    "console_stream_batches_total", "Posts of the Data Streamer and the SMS Forwarder", ["outcome"]
)
stream_missed = Gauge(
    "console_stream_missed", "1 while the Data Streamer is silent and polling finds things", ["organization", "kind"]
)
quota_differences = Gauge(
    "console_quota_differences", "SIMs whose quota and usage records do not agree", ["organization"]
)


EXPORTED = "metrics:"


async def export(redis: Redis, name: str, *, every: float) -> None:
    """Lay this process's numbers where a web process finds them, for as long as this process lives."""
    while True:
        with contextlib.suppress(RedisError, OSError, TimeoutError):  # the next turn tries again
            await redis.set(EXPORTED + name, generate_latest(REGISTRY), ex=round(every * 6))
        await asyncio.sleep(every)


async def exposition(redis: Redis, name: str) -> bytes:
    """Everything counted so far by this process and the workers, in Prometheus' text format, labelled by process."""
    texts = {name: generate_latest(REGISTRY)}
    try:
        keys = sorted([key async for key in redis.scan_iter(EXPORTED + "*")])
        for key, text in zip(keys, await redis.mget(keys) if keys else [], strict=True):
            if text is not None:
                texts[key.decode().removeprefix(EXPORTED)] = text
    except (RedisError, OSError, TimeoutError):
        pass  # our own numbers are better than none
    merged = CollectorRegistry()
    merged.register(_Merged(texts))
    return generate_latest(merged)


class _Merged(Collector):
    def __init__(self, texts: dict[str, bytes]) -> None:
        self._texts = texts

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for process, text in self._texts.items():
            for family in text_string_to_metric_families(text.decode()):
                known = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    known.samples.append(sample._replace(labels={**sample.labels, "process": process}))
        return families.values()
