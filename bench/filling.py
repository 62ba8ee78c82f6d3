"""A fleet put straight into the tables: many SIMs in a few seconds, varied as real ones are, always the same."""

import asyncpg  # type: ignore[import-untyped]
from installation import Installation

from console.quotas.writes import rank_again

# A SIM's number decides all of it, by a multiplication that scatters neighbours. `$1`: organization, `$2`: how many.
SIMS = """
INSERT INTO sims (organization_id, iccid, label, status, imsi, msisdn, imei, imei_lock, ip_address, data_class,
                  activated_at, connection, operator, country, rat, apn, cell, session_started_at, last_seen_at,
                  connection_at, missing_walks, added_at, changed_at)
SELECT $1, '8988228066' || 600000000 + n,
       CASE WHEN n % 12 > 0 THEN
           (ARRAY['pump', 'valve', 'meter', 'tracker', 'gateway', 'cooler', 'lift'])[(1 + n * 7919 % 7)::int] || '-'
           || (ARRAY['berlin', 'lyon', 'leeds', 'utrecht', 'sevilla'])[(1 + n * 1009 % 5)::int]
           || '-' || lpad(n::text, 6, '0')
       END,
       CASE WHEN n % 40 = 0 THEN 'disabled' ELSE 'enabled' END,
       '901405' || 600000000 + n, '882285' || 600000000 + n, '86' || lpad((n * 7919 % 1000000)::text, 14, '0'),
       n % 3 = 0, '10.' || 192 + (n >> 16) || '.' || (n >> 8 & 255) || '.' || (n & 255), 'plenty',
       now() - interval '400 days', place.connection, place.operator, place.country, place.rat, 'sensor.net',
       n * 31 % 60000 || '/' || n * 7907 % 16777216,
       CASE WHEN place.connection = 'online' THEN now() - n * 613 % 86400 * interval '1 second' END,
       CASE WHEN n % 25 > 0 THEN now() - n * 48271 % 2592000 * interval '1 second' END,
       now(), CASE WHEN n % 2000 = 0 THEN 2 ELSE 0 END, now() - interval '300 days', now()
FROM generate_series(1, $2::bigint) n,
     LATERAL (SELECT
         CASE WHEN n % 25 = 0 THEN NULL
              ELSE (ARRAY['online', 'online', 'online', 'attached', 'attached', 'offline', 'offline', 'offline'])
                   [(1 + n * 6151 % 8)::int] END AS connection,
         (ARRAY['DE', 'DE', 'DE', 'FR', 'GB', 'NL', 'ES', 'PL', 'US', 'JP'])[(1 + n * 3079 % 10)::int] AS country,
         'Operator ' || n * 1543 % 16 AS operator,
         (ARRAY['LTE', 'NB-IoT', 'CAT-M', '2G'])[(1 + n * 769 % 4)::int] AS rat) place
"""
QUOTAS = """
INSERT INTO quotas (organization_id, iccid, service, status, "left", total, accumulated, last_added, threshold_percent,
                    expires_at, created_at, changed_at)
SELECT $1, '8988228066' || 600000000 + n, service,
       CASE WHEN n % 50 = 0 THEN 'expired' WHEN n % 20 = 1 THEN 'exhausted' ELSE 'active' END,
       CASE WHEN n % 20 = 1 THEN 0 ELSE n * 48271 % total END, total, total, total, 20,
       now() + interval '5 years', now() - interval '5 years', now()
FROM generate_series(1, $2::bigint) n, (VALUES ('data', 500000000), ('sms', 250)) AS kinds (service, total)
"""
WORDS = """
UPDATE sims SET quota = CASE
    WHEN q.word = 'expired' THEN 'expired' WHEN q.word = 'exhausted' OR "left" <= 0 THEN 'exhausted'
    WHEN "left" * 100 < total * 20 THEN 'low' ELSE 'ok' END
FROM (SELECT organization_id, iccid, status AS word, "left", total FROM quotas WHERE service = 'data') q
WHERE (q.organization_id, q.iccid) = (sims.organization_id, sims.iccid)
"""
FORECASTS = """
INSERT INTO quota_forecasts (organization_id, iccid, used_bytes, days, daily_bytes, low_daily_bytes, high_daily_bytes,
                             found, since, measured_on)
SELECT $1, '8988228066' || 600000000 + n, 30 * daily, 30, daily, daily * 8 / 10, daily * 12 / 10, NULL, NULL,
       (now() AT TIME ZONE 'UTC')::date
FROM generate_series(1, $2::bigint) n, LATERAL (SELECT 1 + n * 6113 % 40000000 AS daily) expected
WHERE n % 20 <> 7
"""
CHECKS = """
INSERT INTO sim_checks (organization_id, iccid, status_at, status_source, events_at, data_quota_at, sms_quota_at)
SELECT $1, '8988228066' || 600000000 + n, now(), 'poll', now(), now(), now() FROM generate_series(1, $2::bigint) n
"""


def iccid(number: int) -> str:
    """The ICCID of a SIM of the fleet, from 1."""
    return f"8988228066{600_000_000 + number}"


async def connected(installation: Installation) -> asyncpg.Connection:
    """A bare connection to the installation's database."""
    return await asyncpg.connect(installation.settings.database_url.replace("+asyncpg", ""))


async def fill(installation: Installation, sims: int) -> None:
    """Put the fleet into an empty installation, and let the database look at what it has."""
    connection = await connected(installation)
    try:
        for statement in (SIMS, QUOTAS, FORECASTS, CHECKS):
            await connection.execute(statement, installation.organization_id, sims)
        await connection.execute(WORDS)
        async with installation.db.transaction() as transaction:
            await rank_again(transaction, installation.organization_id)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
