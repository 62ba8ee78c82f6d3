"""The checks of `console doctor` that need no 1NCE: settings, identity provider, databases, audit trail, Redis."""

from datetime import UTC, datetime

from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from console.audit.condition import every_chain
from console.errors import ProviderFailed
from console.migrate import newest, revision
from console.sessions.oidc_provider import IdentityProvider
from console.settings import Settings
from console.store.database import Database
from console.store.engines import open_engine, open_replica
from console.store.replica import ReplicaReads, UnusableReplica, described
from console.store.roles import Rights, rights
from console.store.timescale import failed_jobs, find_edition


class Finding(Struct, frozen=True):
    """The result of one check. `advice` says what to do if it is not healthy."""

    what: str
    healthy: bool
    found: str
    advice: str = ""


async def database(db: Database) -> list[Finding]:
    """The server, its edition of TimescaleDB, and the migrations."""
    async with db.engine.connect() as connection:
        version = (await connection.exec_driver_sql("SHOW server_version")).scalar()
        edition = await connection.run_sync(find_edition)
        at = await connection.run_sync(revision)
        failed = await connection.run_sync(failed_jobs)
        held = await connection.run_sync(rights)
    needed = newest() or ""
    reached = (at or "") >= needed
    migrated = Finding(
        "migrations",
        reached,
        f"at {at or 'nothing'}, this version needs {needed}",
        "" if reached else "Run `console migrate`.",
    )
    timescale = Finding(
        "TimescaleDB",
        not failed,
        f"{edition.edition} {edition.version or ''}: {'failed: ' + ', '.join(failed) if failed else edition.remark}",
        "Its own jobs failed: PostgreSQL's log says why." if failed else "",
    )
    return [Finding("database", True, f"PostgreSQL {version}"), timescale, migrated, _role(held)]


def _role(held: Rights) -> Finding:
    if not held.too_many:
        return Finding("database role", True, f"{held.role} changes rows, and neither tables nor the audit trail")
    able = {"owns tables": held.owns, "makes tables": held.makes_tables, "changes audit lines": held.changes_audit}
    return Finding(
        "database role",
        True,
        f"{held.role} {', '.join(what for what, so in able.items() if so)}, which the web process never needs",
        "Set DATABASE_URL to a role of its own and DATABASE_OWNER_URL to this one, then run `console migrate`.",
    )


async def replica(known: Settings) -> list[Finding]:
    """Whether exports and charts can be read from DATABASE_READ_URL; nothing where there is none."""
    if known.database_read_url is None:
        return []
    primary, advice = open_engine(known.database_url, 1), "Exports and charts ask the primary meanwhile."
    reads = ReplicaReads(primary, open_replica(known.database_read_url))
    try:
        moment = await reads.reached()
    except (UnusableReplica, SQLAlchemyError, OSError, TimeoutError) as error:
        return [Finding("replica", False, (str(error).splitlines() or [type(error).__name__])[0], advice)]
    finally:
        await reads.close()
        await primary.dispose()
    return [Finding("replica", True, described(moment))]


def audit_key(known: Settings) -> Finding:
    """Which keys seal the trail."""
    if known.audit_key:
        names = [pair.partition(":")[0] for pair in known.audit_key]
        return Finding("AUDIT_KEY", True, f"seals with {names[0]}, verifies with {', '.join(names)}")
    advice = "Set AUDIT_KEY=1:key (`openssl rand -hex 32`) and keep it as long as the trail: production requires it."
    return Finding("AUDIT_KEY", True, "missing: the audit trail is sealed with a key that follows SECRET_KEY", advice)


async def audit_trail(db: Database) -> list[Finding]:
    """What is wrong with the audit trail, of each organization."""
    now = datetime.now(UTC)
    async with db.reading() as connection:
        found = await every_chain(connection)
    advice = "`console audit verify` names the line; a trail that is sealed late or not verified lacks a worker."
    wrong = [
        Finding(f"audit trail, {one.organization}", False, trouble, advice)
        for one in found
        for trouble in one.troubles(now)
    ]
    return wrong or [Finding("audit trail", True, f"{len(found)} chains are sealed, and hold as far as verified")]


async def redis(db: Database) -> list[Finding]:
    """Whether it answers."""
    info = await db.redis.info("server")
    return [Finding("redis", True, f"answers, version {info.get('valkey_version') or info.get('redis_version')}")]


async def identity_provider(provider: IdentityProvider) -> Finding:
    """Whether the identity provider publishes where it is asked, and keys."""
    try:
        endpoints = await provider.endpoints()
        keys = await provider.keys(None)
    except ProviderFailed as error:
        advice = "Is OIDC_ISSUER written as the provider writes it, and can it be reached from here?"
        return Finding("identity provider", False, error.message, advice)
    return Finding("identity provider", True, f"{len(keys)} keys, signs in at {endpoints.authorization}")
