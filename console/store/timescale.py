"""Which TimescaleDB the database offers: none, the Apache edition, or the community one."""

from enum import StrEnum

import sqlalchemy as sa
from msgspec import Struct


class Edition(StrEnum):
    """What the database can do with time series."""

    PLAIN = "plain"  # PostgreSQL alone: indexed tables, sums kept by a trigger
    APACHE = "apache"  # hypertables and drop_chunks; sums kept by a trigger
    COMMUNITY = "timescale"  # also compression, policies and continuous aggregates


class FoundEdition(Struct, frozen=True):
    """What was found, and what it means for an operator."""

    edition: Edition
    version: str | None  # of TimescaleDB
    remark: str


OWN_JOBS = ("policy_refresh_continuous_aggregate", "policy_compression", "policy_retention")
FAILED_JOBS = """
    SELECT j.proc_name || ' of ' || coalesce(a.view_name, j.hypertable_name) AS job, s.last_run_started_at
    FROM timescaledb_information.job_stats s JOIN timescaledb_information.jobs j USING (job_id)
    LEFT JOIN timescaledb_information.continuous_aggregates a
        ON a.materialization_hypertable_schema = j.hypertable_schema
        AND a.materialization_hypertable_name = j.hypertable_name
    WHERE s.last_run_status = 'Failed' AND j.proc_name = ANY (:own) ORDER BY 1"""


def failed_jobs(connection: sa.Connection) -> list[str]:
    """The jobs of TimescaleDB for our tables whose last run failed, with its time; only the community edition has any.

    Its log says why. The view is documented under "Informational views, timescaledb_information.job_stats".
    """
    if find_edition(connection).edition is not Edition.COMMUNITY:
        return []
    statement = sa.text(FAILED_JOBS).bindparams(sa.bindparam("own", list(OWN_JOBS), sa.ARRAY(sa.Text)))
    return [f"{row.job} at {row.last_run_started_at:%Y-%m-%dT%H:%M:%SZ}" for row in connection.execute(statement)]


def find_edition(connection: sa.Connection) -> FoundEdition:
    """Look, in an order that never harms: an extension that is there but not preloaded would end the connection."""

    def ask(sql: str) -> str | None:
        value = connection.execute(sa.text(sql)).scalar()
        return None if value is None else str(value)

    available = ask("SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb'")
    if available is None:
        return FoundEdition(Edition.PLAIN, None, "TimescaleDB is not installed: plain tables serve")
    if "timescaledb" not in (ask("SELECT current_setting('shared_preload_libraries')") or ""):
        return FoundEdition(
            Edition.PLAIN, None, "TimescaleDB is installed but not in shared_preload_libraries: plain tables serve"
        )
    version = ask("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
    if version is None:
        return FoundEdition(Edition.PLAIN, None, "TimescaleDB is at hand but was not there when the tables were made")
    if ask("SELECT current_setting('timescaledb.license', true)") == Edition.COMMUNITY:
        return FoundEdition(
            Edition.COMMUNITY, version, "hypertables, compression, retention policies, continuous aggregates"
        )
    return FoundEdition(Edition.APACHE, version, "hypertables and drop_chunks; sums are kept by a trigger")
