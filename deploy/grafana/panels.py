"""What Grafana's dashboards show: each panel with its queries. Series and labels are those of console/metrics.py."""

from typing import NamedTuple


class Panel(NamedTuple):
    """One chart or number: what it shows, and the queries with the name of each series."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"
    width: int = 12
    text: str = ""
    above: float | None = None  # drawn red from here on


def rate(name: str, by: str = "", where: str = "") -> str:
    """The sum of a counter's rate over all processes."""
    return f"sum{f' by ({by}) ' if by else ''}(rate({name}{f'{{{where}}}' if where else ''}[$__rate_interval]))"


def quantile(share: float, name: str, by: str = "") -> str:
    """A quantile of a histogram over all processes."""
    return f"histogram_quantile({share}, {rate(name + '_bucket', f'{by}, le' if by else 'le')})"


API = (
    Panel("Answered with 5xx", "percentunit", (("console:http_errors:ratio5m", "share"),), "stat", 6, above=0.01),
    Panel("Requests: 95 % within", "s", (("console:http_seconds:p95_5m", "p95"),), "stat", 6, above=0.5),
    Panel("Commit to socket: 99 % within", "s", (("console:fanout_seconds:p99_5m", "p99"),), "stat", 6, above=1),
    Panel("Open live connections", "short", (("sum(console_live_sockets)", "all"),), "stat", 6),
    Panel("Requests by status", "reqps", ((rate("console_http_request_seconds_count", "status"), "{{status}}"),)),
    Panel(
        "Slowest routes, p95",
        "s",
        ((f"topk(8, {quantile(0.95, 'console_http_request_seconds', 'route')})", "{{route}}"),),
    ),
    Panel("Live connections", "short", (("sum by (endpoint) (console_live_sockets)", "{{endpoint}}"),)),
    Panel("Frames sent", "ops", ((rate("console_live_frames_total", "endpoint"), "{{endpoint}}"),)),
    Panel("Connections that were ended", "ops", ((rate("console_live_sockets_cut_total", "reason"), "{{reason}}"),)),
    Panel(
        "Pages compared with the database",
        "ops",
        ((rate("console_live_screens_verified_total", "outcome"), "{{outcome}}"),),
        text="`differs` is a fault: a page showed what the database did not hold.",
    ),
)
ONCE = (
    Panel(
        "Circuit breaker",
        "short",
        (("console_carrier_circuit_state", "{{organization}}"),),
        "stat",
        12,
        "0 closed, 1 half-open, 2 open",
        2,
    ),
    Panel(
        "Operations that are not offered",
        "short",
        (("console_carrier_operations_unavailable", "{{organization}}"),),
        "stat",
        12,
    ),
    Panel("Calls by outcome", "reqps", ((rate("console_once_calls_total", "outcome"), "{{outcome}}"),)),
    Panel("Calls by operation", "reqps", ((rate("console_once_calls_total", "operation"), "{{operation}}"),)),
    Panel(
        "Time of 1NCE's answers, p95",
        "s",
        ((quantile(0.95, "console_once_call_seconds", "operation"), "{{operation}}"),),
    ),
    Panel(
        "Data Streamer: records",
        "ops",
        ((rate("console_streamer_records_total", "kind, outcome"), "{{kind}} {{outcome}}"),),
    ),
    Panel(
        "Data Streamer: silent for",
        "s",
        (
            ("console_streamer_silent_seconds", "{{organization}} {{kind}}"),
            ("console_streamer_usual_interval_seconds", "{{organization}} {{kind}}: usual interval"),
        ),
    ),
    Panel(
        "Posts wait to be taken in", "s", (("console_streamer_posts_waiting_seconds", "{{organization}}"),), above=300
    ),
)
FLEET = (
    Panel("Alerts that fire", "short", (("sum by (severity) (console_alerts_firing)", "{{severity}}"),), "stat", 8),
    Panel(
        "SIMs whose quota and records differ", "short", (("console_quota_differences", "{{organization}}"),), "stat", 8
    ),
    Panel("Changes that no rule has judged", "short", (("console_alerts_unjudged", "changes"),), "stat", 8),
    Panel(
        "Top-ups asked for, an hour",
        "short",
        (
            ('sum by (outcome) (increase(console_command_seconds_count{action="sim.top_up"}[1h]))', "{{outcome}}"),
            (
                'sum by (outcome) (increase(console_command_seconds_count{action="bulk.begin"}[1h]))',
                "bulk, {{outcome}}",
            ),
        ),
    ),
    Panel(
        "Commands by action, an hour",
        "short",
        (("topk(10, sum by (action) (increase(console_command_seconds_count[1h])))", "{{action}}"),),
    ),
    Panel(
        "Refused and failed commands",
        "ops",
        ((rate("console_command_seconds_count", "action, outcome", 'outcome!="done"'), "{{action}} {{outcome}}"),),
    ),
    Panel("Facts published", "ops", ((rate("console_facts_published_total", "kind"), "{{kind}}"),)),
    Panel(
        "Notifications", "ops", ((rate("console_delivery_attempts_total", "kind, outcome"), "{{kind}} {{outcome}}"),)
    ),
    Panel("Notifications: overdue", "s", (("console_deliveries_overdue_seconds", "{{organization}}"),), above=120),
)
SYSTEM = (
    Panel("Facts wait in the outbox", "short", (("console_outbox_waiting", "transactions"),), "stat", 6, above=1000),
    Panel("Redis' feed", "short", (("min(console_live_feed_up)", "1: up everywhere"),), "stat", 6),
    Panel("Audit trail changed", "short", (("max(console_audit_broken)", "1: changed"),), "stat", 6, above=1),
    Panel("Audit trail verified", "s", (("max(console_audit_verified_seconds)", "ago"),), "stat", 6, above=93_600),
    Panel("Processor", "percentunit", ((rate("process_cpu_seconds_total", "instance"), "{{instance}}"),)),
    Panel("Memory", "bytes", (("process_resident_memory_bytes", "{{instance}}"),)),
    Panel("Open files", "short", (("process_open_fds", "{{instance}}"),)),
    Panel("Statements", "ops", ((rate("console_database_statements_total", "instance"), "{{instance}}"),)),
    Panel("Runs of jobs", "ops", ((rate("console_job_runs_total", "job, state"), "{{job}} {{state}}"),)),
    Panel("Time of runs, p95", "s", ((quantile(0.95, "console_job_run_seconds", "job"), "{{job}}"),)),
    Panel(
        "Event loop held for over 20 ms",
        "ops",
        ((rate("console_loop_long_turn_seconds_count", "instance"), "{{instance}}"),),
    ),
    Panel(
        "Errors of loops, publications that failed, gaps",
        "ops",
        (
            (rate("console_loop_errors_total", "loop"), "{{loop}}"),
            (rate("console_outbox_publish_failures_total"), "publications"),
            (rate("console_live_feed_gaps_total"), "gaps"),
            (rate("console_live_feed_reconnects_total"), "reconnects"),
            (rate("console_changes_unpublished_total"), "changes unpublished"),
        ),
    ),
    Panel(
        "Answers to programs: kept, changed, absent",
        "ops",
        ((rate("console_kept_answers_total", "outcome"), "{{outcome}}"),),
    ),
)
DASHBOARDS = {
    "api": ("Console: API and pages", API),
    "once": ("Console: 1NCE", ONCE),
    "fleet": ("Console: fleet and money", FLEET),
    "system": ("Console: system", SYSTEM),
}
