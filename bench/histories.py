"""What a fleet has beside its SIMs: tags, events, use, messages, samples, actions, runs. Always the same."""

from filling import connected
from installation import Installation

# `$1`: organization, `$2`: how many SIMs.
TAGS = """
INSERT INTO sim_annotations (organization_id, iccid, tags, note, custom_fields, edited_at, edited_by)
SELECT $1, '8988228066' || 600000000 + n, ARRAY['site-' || n * 7919 % 40, 'since-' || 2015 + n * 1009 % 10],
       CASE WHEN n % 8 = 0 THEN 'Replaced in spring' END, jsonb_build_object('customer', 'C' || n * 31 % 2000),
       now(), 'user:ada'
FROM generate_series(4, $2::bigint, 4) n
"""
UNWATCHED = """
INSERT INTO unwatched_sims (organization_id, iccid, unwatched_at, unwatched_by)
SELECT $1, '8988228066' || 600000000 + n, now(), 'user:ada' FROM generate_series(4999, $2::bigint, 5000) n
"""
EVENTS = """
INSERT INTO network_events (organization_id, id, time, iccid, type, name, severity, description, operator, country)
SELECT $1, n, now() - n * interval '2592000 seconds' / $2, '8988228066' || 600000001 + n * 48271 % $2, 3,
       (ARRAY['Create PDP Context', 'Update Location', 'Delete PDP Context'])[1 + n % 3],
       (ARRAY['info', 'info', 'info', 'warn', 'error'])[1 + n % 5], 'A session has begun', 'Operator ' || n % 16,
       (ARRAY['DE', 'FR', 'GB', 'NL', 'ES', 'PL'])[1 + n % 6]
FROM generate_series(1, $2::bigint) n
"""
MOVES = """
INSERT INTO status_history (organization_id, iccid, time, connection, operator, country, rat, apn, cell, source)
SELECT organization_id, iccid, COALESCE(last_seen_at, added_at), connection, operator, country, rat, apn, cell, 'poll'
FROM sims WHERE organization_id = $1 AND $2::bigint > 0
"""
# Three days of all by hours six apart: the records of the last hour go in by themselves, and their sums with them.
DAYS = """
INSERT INTO usage_daily (organization_id, iccid, bucket, data_bytes, derived_bytes, sms)
SELECT $1, '8988228066' || 600000000 + n,
       date_trunc('day', now(), 'UTC') - day * interval '1 day', 1 + n * day * 6113 % 40000000, 0, n % 5
FROM generate_series(1, $2::bigint) n, generate_series(1, CASE WHEN n % 50 = 0 THEN 126 ELSE 3 END) day
"""
HOURS = """
INSERT INTO usage_hourly (organization_id, iccid, bucket, data_bytes, derived_bytes, sms)
SELECT $1, '8988228066' || 600000000 + n,
       date_trunc('hour', now(), 'UTC') - (hour * 6 + n % 6) * interval '1 hour', 1 + n * hour * 6113 % 10000000, 0, 0
FROM generate_series(1, $2::bigint) n, generate_series(1, 3) hour
"""
MINUTES = """
INSERT INTO fleet_usage_minutely (organization_id, bucket, data_bytes, derived_bytes, sms)
SELECT $1, date_trunc('minute', now()) - minute * interval '1 minute', $2 * (100 + minute * 7919 % 50), 0, 3
FROM generate_series(61, 10080) minute
"""
RECORDS = """
INSERT INTO usage_records (organization_id, iccid, time, source, record_id, started_at, data_bytes, sms, operator)
SELECT $1, '8988228066' || 600000000 + n, at, 'streamer', n, at - interval '20 minutes', 1 + n * 6113 % 1000000, 0,
       'Operator ' || n * 1543 % 16
FROM generate_series(10, $2::bigint, 10) n, LATERAL (SELECT now() - n * 48271 % 3600 * interval '1 second' AS at) moment
"""
MESSAGES = """
INSERT INTO sms (organization_id, iccid, direction, id, time, status, payload, source)
SELECT $1, '8988228066' || 600000001 + n * 48271 % $2, CASE WHEN n % 3 = 0 THEN 'mo' ELSE 'mt' END, n::text,
       now() - n * interval '2592000 seconds' / ($2 / 10), (ARRAY['delivered', 'delivered', 'failed'])[1 + n % 3],
       'Reading ' || n, 'poll'
FROM generate_series(1, $2::bigint / 10) n
"""
SAMPLES = """
INSERT INTO fleet_samples (organization_id, time, online, attached, offline, blocked, unknown, exhausted)
SELECT $1, date_trunc('minute', now()) - minute * interval '1 minute', $2 * 36 / 100 + minute * 7919 % 1000,
       $2 * 24 / 100, $2 * 36 / 100, 0, $2 * 4 / 100, $2 * 5 / 100
FROM generate_series(1, 10080) minute
"""
PLACES = """
INSERT INTO operator_samples (organization_id, time, operator, country, sims, online)
SELECT $1, date_trunc('minute', now()) - minute * interval '1 minute', operator, country, sims, sims / 3
FROM generate_series(1, 1440) minute,
     (SELECT COALESCE(operator, '') AS operator, COALESCE(country, '') AS country, sum(sims)::int AS sims
      FROM fleet_counts WHERE organization_id = $1 AND $2::bigint > 0 GROUP BY 1, 2) places
"""
GROUPS = """
INSERT INTO group_samples (organization_id, kind, time, name, sims, online)
SELECT $1, 'tag', date_trunc('minute', now()) - minute * interval '1 minute', 'site-' || tag, $2 / 160, $2 / 480
FROM generate_series(1, 1440) minute, generate_series(0, 39) tag
"""
ACTIONS = """
INSERT INTO actions (organization_id, iccid, kind, state, parameters, caller, idempotency_key, requested_by,
                     requested_at, changed_at, expires_at, steps)
SELECT $1, '8988228066' || 600000001 + n * 48271 % $2, 'reset', 'confirmed', '{}', 'user:1', n::text, 'ada', at, at,
       at + interval '1 hour', jsonb_build_array(jsonb_build_object('state', 'confirmed', 'at', at))
FROM generate_series(1, $2::bigint / 100) n,
     LATERAL (SELECT now() - n * interval '2592000 seconds' / ($2 / 100) AS at) moment
"""
RUNS = """
INSERT INTO job_runs (organization_id, job, state, started_at, finished_at, heartbeat_at)
SELECT $1, (ARRAY['sync_sims', 'sync_status', 'take_in_posts'])[1 + n % 3], 'done', at, at, at
FROM generate_series(1, 20000) n, LATERAL (SELECT now() - (20000 - n) * interval '1 minute' AS at) moment
WHERE $2::bigint > 0
"""
ALL = {
    "tags": TAGS,
    "unwatched": UNWATCHED,
    "events": EVENTS,
    "moves": MOVES,
    "days": DAYS,
    "hours": HOURS,
    "minutes": MINUTES,
    "records": RECORDS,
    "messages": MESSAGES,
    "samples": SAMPLES,
    "places": PLACES,
    "groups": GROUPS,
    "actions": ACTIONS,
    "runs": RUNS,
}


async def fill_histories(installation: Installation, sims: int) -> None:
    """Put them beside a fleet that `fill` has made."""
    connection = await connected(installation)
    try:
        for statement in ALL.values():
            await connection.execute(statement, installation.organization_id, sims)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
