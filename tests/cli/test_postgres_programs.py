"""PostgreSQL's programs find the database by each address that the console itself takes."""

import pytest
from sqlalchemy.engine import make_url

from console.cli.postgres_programs import connect, environment
from console.settings import Settings
from console.store.database import open_database

pytestmark = pytest.mark.one_edition


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("a:b@db:5433/c", "db", "5433"),
        ("a:b@db/c", "db", None),
        ("a@/c?host=/run/postgresql", "/run/postgresql", None),
        ("a@/c?host=db1:5433&host=db2&target_session_attrs=primary", "db1,db2", "5433,5432"),
        ("a@/c?host=db1&host=db2", "db1,db2", None),
    ],
)
def test_an_address_leads_to_its_servers(address: str, host: str, port: str | None) -> None:
    found = environment(f"postgresql+asyncpg://{address}")
    assert (found["PGHOST"], found.get("PGPORT")) == (host, port)
    assert found.get("PGTARGETSESSIONATTRS") == ("primary" if "primary" in address else None)


async def test_of_several_servers_the_one_that_answers_as_primary_is_asked(settings: Settings) -> None:
    parts = make_url(settings.database_url)
    hosts = ("127.0.0.1:1", f"{parts.host}:{parts.port}")
    several = parts.set(host=None, port=None, query={"host": hosts, "target_session_attrs": "primary"})
    address = several.render_as_string(hide_password=False)
    connection = await connect(address)
    assert await connection.fetchval("SELECT current_database()") == parts.database
    await connection.close()
    db = open_database(address, settings.redis_url, connections=1)
    try:
        async with db.reading() as reading:
            found = (await reading.exec_driver_sql("SELECT current_database()")).scalar_one()
    finally:
        await db.close()
    assert found == parts.database
