"""The real TimescaleDB that other tests rely on is there, and is the edition with the free licence."""

import asyncpg  # type: ignore[import-untyped]

from tests.timescale import timescale


async def test_the_apache_edition_makes_hypertables_and_refuses_the_rest() -> None:
    async with timescale() as url:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""), ssl=False)
        await connection.execute("CREATE EXTENSION timescaledb")
        edition = await connection.fetchval("SELECT current_setting('timescaledb.license')")
        print(f"TimescaleDB edition: {edition}")  # noqa: T201
        assert edition == "apache"
        await connection.execute("CREATE TABLE usage (at timestamptz NOT NULL, volume_bytes bigint)")
        assert await connection.fetchval("SELECT create_hypertable('usage', by_range('at'))")
        try:
            await connection.execute("SELECT add_retention_policy('usage', interval '30 days')")
        except asyncpg.FeatureNotSupportedError as refusal:
            assert "apache" in str(refusal)
        await connection.close()
