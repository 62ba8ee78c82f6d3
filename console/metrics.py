"""What each process counts of itself, for Prometheus.

No process exposes another's numbers. The label `organization` is the organization's short name, everywhere; no label
has an ICCID. Gauges of the whole installation are set by one worker at a time (jobs/metrics.py).
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
installation = CollectorRegistry()  # of the gauges that come from the database: the measuring worker registers it

requests = Histogram(
    "console_http_request_seconds", "Time to answer a request", ["method", "route", "status"], buckets=SECONDS
)
statements = Counter("console_database_statements_total", "Statements that this process sent to the database")
replica_reads = Counter(
    "console_replica_reads_total",
    "Exports and charts of a console with a replica: `current`, `behind` (the answer says as of when it is), `primary`",
    ["outcome"],
)
commands = Histogram(
    "console_command_seconds",
    "Time that a command took, by its action and outcome",
    ["action", "outcome"],
    buckets=SECONDS,
)
audit_left_out = Counter(
    "console_audit_left_out_total", "Refused attempts beyond those of an hour that the audit trail takes", ["what"]
)
audit_waiting_seconds = Gauge(
    "console_audit_waiting_seconds",
    "How long the oldest line of the audit trail has waited for its seal; alert above 120",
    ["organization"],
    registry=installation,
)
audit_verified_seconds = Gauge(
    "console_audit_verified_seconds",
    "Seconds since the audit trail was last verified; absent before the first time; alert above 93,600",
    ["organization"],
    registry=installation,
)
audit_broken = Gauge(
    "console_audit_broken",
    "1 if the last verification found the audit trail changed",
    ["organization"],
    registry=installation,
)
sockets = Gauge("console_live_sockets", "Open live connections", ["endpoint"])
sockets_cut = Counter(
    "console_live_sockets_cut_total", "Live connections that the console ended", ["endpoint", "reason"]
)
frames = Counter("console_live_frames_total", "Messages sent to live connections", ["endpoint"])
fanout = Histogram(
    "console_live_fanout_seconds", "From the publication of a fact to its hand-over to the sockets", buckets=SECONDS
)
feed_up = Gauge("console_live_feed_up", "1 while the subscription to Redis is up")
changes_unpublished = Counter(
    "console_changes_unpublished_total", "Times Redis could not be informed of a committed change; tried again"
)
kept_answers = Counter(
    "console_kept_answers_total",
    "Requests of programs for what may be kept: `hit` (sent as it was), `changed`, `absent`",
    ["outcome"],
)
feed_reconnects = Counter("console_live_feed_reconnects_total", "Times the subscription to Redis was made again")
feed_gaps = Counter("console_live_feed_gaps_total", "Gaps in the sequence that were filled from the stream")
facts_published = Counter("console_facts_published_total", "Facts that this process published to Redis", ["kind"])
publish_failures = Counter(
    "console_outbox_publish_failures_total", "Publications that Redis did not take; the outbox keeps the facts"
)
delivery_attempts = Counter(
    "console_delivery_attempts_total", "Attempts to deliver notifications, by kind of channel", ["kind", "outcome"]
)
delivery_seconds = Histogram(
    "console_delivery_seconds",
    "From the request of a notification to its delivery",
    ["kind"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 3600, 14_400, 43_200),
)
deliveries_overdue = Gauge(
    "console_deliveries_overdue_seconds",
    "How long the oldest notification that is due has not been sent; alert above 120",
    ["organization"],
    registry=installation,
)
deliveries_failed = Gauge(
    "console_deliveries_failed",
    "Notifications that were given up within a day; alert above 0",
    ["organization"],
    registry=installation,
)
outbox_waiting = Gauge("console_outbox_waiting", "Transactions whose facts wait in the outbox", registry=installation)
once_calls = Counter("console_once_calls_total", "Calls to 1NCE", ["operation", "outcome"])
once_call_seconds = Histogram(
    "console_once_call_seconds", "Time that 1NCE took to answer", ["operation"], buckets=SECONDS
)
circuit_state = Gauge(
    "console_carrier_circuit_state",
    "Circuit breaker of 1NCE: 0 closed, 1 half-open, 2 open",
    ["organization"],
    registry=installation,
)
operations_unavailable = Gauge(
    "console_carrier_operations_unavailable",
    "Operations that 1NCE does not offer",
    ["organization"],
    registry=installation,
)
changes = Counter("console_changes_total", "Rows that a job really changed", ["job"])
job_runs = Counter("console_job_runs_total", "Runs of jobs", ["job", "state"])
job_seconds = Histogram(
    "console_job_run_seconds", "How long a run took", ["job"], buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)
)
streamer_records = Counter("console_streamer_records_total", "Records of the Data Streamer", ["kind", "outcome"])
streamer_posts = Counter(
    "console_streamer_posts_total", "Posts of the Data Streamer and the SMS Forwarder", ["outcome"]
)
streamer_missed = Gauge(
    "console_streamer_missed",
    "1 while the Data Streamer is silent and polling finds things",
    ["organization", "kind"],
    registry=installation,
)
streamer_overdue = Gauge(
    "console_streamer_overdue",
    "1 while the Data Streamer is silent for several of its usual intervals",
    ["organization", "kind"],
    registry=installation,
)
streamer_silent = Gauge(
    "console_streamer_silent_seconds",
    "Seconds since the Data Streamer last posted",
    ["organization", "kind"],
    registry=installation,
)
streamer_usual_interval = Gauge(
    "console_streamer_usual_interval_seconds",
    "Time between posts of the Data Streamer that is exceeded for only 5 % of the time; absent while it can't be said",
    ["organization", "kind"],
    registry=installation,
)
posts_waiting = Gauge(
    "console_streamer_posts_waiting", "Posts that are not taken in yet", ["organization"], registry=installation
)
posts_waiting_seconds = Gauge(
    "console_streamer_posts_waiting_seconds",
    "How long the oldest post has waited to be taken in; alert above 300",
    ["organization"],
    registry=installation,
)
set_aside = Gauge(
    "console_streamer_set_aside",
    "Posts and single records that could not be taken in, as many as are kept",
    ["organization", "what"],
    registry=installation,
)
alerts_firing = Gauge(
    "console_alerts_firing",
    "Alerts that fire or recover and are not hidden",
    ["organization", "severity"],
    registry=installation,
)
alerts_unjudged = Gauge(
    "console_alerts_unjudged", "Changes of SIMs that no alert rule has judged yet", registry=installation
)
quota_differences = Gauge(
    "console_quota_differences",
    "SIMs whose quota and usage records do not agree",
    ["organization"],
    registry=installation,
)
screens_verified = Counter(
    "console_live_screens_verified_total",
    "Open pages compared with the database: agrees, behind (compared again after seconds), differs (a fault)",
    ["view", "outcome"],
)
loop_long_turns = Histogram(
    "console_loop_long_turn_seconds",
    "Processor time of the turns of the event loop that took over 20 ms",
    buckets=(0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
loop_errors = Counter("console_loop_errors_total", "Errors in loops that go on after them", ["loop"])
socket_transport = Counter(
    "console_socket_transport_total", "Live connections by how frames are written to their sockets", ["transport"]
)
