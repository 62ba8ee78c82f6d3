"""Changes of organizations."""

import re
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Conflict, Invalid, NotFound
from console.facts.flags import FlagChanged, FlagState
from console.organizations.names import checked_name
from console.organizations.rules import Role
from console.organizations.sealing import AFTER_ID, key_id, keys_in, seal, unseal
from console.organizations.tables import credential_checks, flags, group_roles, organizations
from console.settings import Settings
from console.store.database import Transaction
from console.store.locks import AdvisoryLock, transaction_lock

SET_AT = {"once_client_secret": "once_secret_set_at", "streamer_password": "streamer_password_set_at"}
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


async def put(
    transaction: Transaction,
    settings: Settings,
    slug: str,
    name: str,
    now: datetime,
    *,
    client_id: str | None,
    client_secret: str | None,
    streamer_username: str | None = None,
    streamer_password: str | None = None,
) -> int:
    """Make the organization with this slug, or give it this name and credentials; its id."""
    if not SLUG.fullmatch(slug):
        raise Invalid("The short name must be lower-case letters, digits and hyphens, at most 40", slug=slug)
    values = {
        "name": name,
        "once_base_url": settings.once_base_url,
        "once_client_id": client_id,
        "once_client_secret_sealed": seal(settings.secret_key, client_secret),
        "once_requests_per_second": settings.once_requests_per_second,
        "streamer_username": streamer_username,
        "streamer_password_sealed": seal(settings.secret_key, streamer_password),
        "once_secret_set_at": client_secret and now,
        "streamer_password_set_at": streamer_password and now,
    }
    statement = insert(organizations).values(slug=slug, created_at=now, **values)
    statement = statement.on_conflict_do_update(index_elements=["slug"], set_=values)
    return int((await transaction.connection.execute(statement.returning(organizations.c.id))).scalar_one())


async def add(
    transaction: Transaction,
    secret_key: str,
    slug: str,
    now: datetime,
    columns: Mapping[str, object],
    credentials: Mapping[str, str],
) -> int:
    """Make an organization; its id. `credentials`: what is known of its login at 1NCE and of its Data Streamer's.

    Raises Invalid for a slug that is none, Conflict if there is one with this slug.
    """
    if not SLUG.fullmatch(slug):
        raise Invalid("The short name must be lower-case letters, digits and hyphens, at most 40", slug=slug)
    statement = insert(organizations).values(slug=slug, created_at=now, **columns, **_stored(secret_key, credentials))
    statement = statement.on_conflict_do_nothing(index_elements=["slug"])
    added = (await transaction.connection.execute(statement.returning(organizations.c.id))).scalar_one_or_none()
    if added is None:
        raise Conflict(f"There is an organization {slug} already: `console org set` changes it", slug=slug)
    return int(added)


async def change(
    transaction: Transaction, secret_key: str, slug: str, columns: Mapping[str, object], credentials: Mapping[str, str]
) -> int:
    """Change what is named and nothing else; the organization's id. Raises NotFound if there is none with this slug."""
    transaction.callers_changed = True  # they have its name
    statement = sa.update(organizations).where(organizations.c.slug == slug)
    statement = statement.values(**columns, **_stored(secret_key, credentials))
    changed = (await transaction.connection.execute(statement.returning(organizations.c.id))).scalar_one_or_none()
    if changed is None:
        raise NotFound(f"There is no organization {slug}: `console org add` makes one", slug=slug)
    return int(changed)


def _stored(secret_key: str, credentials: Mapping[str, str]) -> dict[str, object]:
    """The columns for parts of credentials, the secrets sealed, and when they were set."""
    return {
        **{name: value for name, value in credentials.items() if name not in SET_AT},
        **{f"{name}_sealed": seal(secret_key, credentials[name]) for name in SET_AT if name in credentials},
        **{SET_AT[name]: sa.func.now() for name in SET_AT if name in credentials},
    }


async def change_settings(
    transaction: Transaction, secret_key: str, organization_id: int, given: Mapping[str, str]
) -> None:
    """Change what is given of an organization's name and credentials alone. Raises Invalid for empty values."""
    credentials = {name: value for name, value in given.items() if name != "name"}
    if not all(0 < len(value.strip()) <= 200 and value.isprintable() for value in credentials.values()):
        raise Invalid("A credential has 1 to 200 visible characters")
    values = _stored(secret_key, {name: value.strip() for name, value in credentials.items()})
    values |= {"name": checked_name(given["name"])} if "name" in given else {}
    if values:
        transaction.callers_changed = True  # they have its name
        statement = sa.update(organizations).where(organizations.c.id == organization_id).values(**values)
        await transaction.connection.execute(statement)


async def set_top_up_price(transaction: Transaction, organization_id: int, price: tuple[int, str] | None) -> None:
    """What a top-up costs, in minor units with the currency, where 1NCE's price list does not say it; None: unknown."""
    amount, currency = price or (None, None)
    statement = sa.update(organizations).where(organizations.c.id == organization_id)
    await transaction.connection.execute(statement.values(top_up_price_minor=amount, top_up_currency=currency))


async def demand_second_factor(transaction: Transaction, organization_id: int, since: datetime | None) -> None:
    """From this moment on members need a second factor, and sessions without one end; None: they may have one."""
    if since is not None and not 2000 <= since.year < 2200:
        raise Invalid("The day lies between 2000 and 2200")
    statement = sa.update(organizations).where(organizations.c.id == organization_id)
    await transaction.connection.execute(statement.values(second_factor_from=since))


async def request_check(transaction: Transaction, organization_id: int, now: datetime) -> None:
    """Ask a worker to try the organization's credentials at 1NCE."""
    statement = insert(credential_checks).values(organization_id=organization_id, requested_at=now)
    statement = statement.on_conflict_do_update(index_elements=["organization_id"], set_={"requested_at": now})
    await transaction.connection.execute(statement)
    transaction.later("check_credentials", organization_id=organization_id, key=f"check_credentials:{organization_id}")


async def record_check(
    transaction: Transaction, organization_id: int, now: datetime, *, accepted: bool, found: str
) -> None:
    """What 1NCE answered to the organization's credentials."""
    c = credential_checks.c
    values = {"checked_at": now, "accepted": accepted, "found": found}
    statement = insert(credential_checks).values(organization_id=organization_id, requested_at=now, **values)
    statement = statement.on_conflict_do_update(index_elements=[c.organization_id], set_=values)
    await transaction.connection.execute(statement)


async def reseal(transaction: Transaction, secret_key: str, *, limit: int) -> tuple[int, int]:
    """Seal some organizations' secrets with the newest key; how many, and how many are left. May raise SealBroken."""
    c, newest = organizations.c, key_id(keys_in(secret_key)[0]).encode() + AFTER_ID
    sealed = (c.once_client_secret_sealed, c.streamer_password_sealed)
    older = sa.or_(*[sa.func.substring(column, 1, len(newest)) != newest for column in sealed])
    query = sa.select(c.id, *sealed).where(older).order_by(c.id).limit(limit).with_for_update()
    found = (await transaction.connection.execute(query)).all()
    for row in found:
        values = {
            name: seal(secret_key, unseal(secret_key, value)) for name, value in row._mapping.items() if name != "id"
        }
        await transaction.connection.execute(sa.update(organizations).where(c.id == row.id).values(**values))
    left = (await transaction.connection.execute(sa.select(sa.func.count()).where(older))).scalar_one()
    return len(found), int(left)


async def change_forwarder(transaction: Transaction, organization_id: int) -> None:
    """Give the organization another address for the SMS Forwarder; the one before opens nothing any more."""
    c = organizations.c
    statement = (
        sa.update(organizations).where(c.id == organization_id).values(forwarder_generation=c.forwarder_generation + 1)
    )
    await transaction.connection.execute(statement)


async def put_flag(transaction: Transaction, organization_id: int, state: FlagState, now: datetime) -> None:
    """Change a flag, and publish it. What was about to be done under it is done before or not at all."""
    await transaction.connection.execute(transaction_lock(AdvisoryLock.FLAG, organization_id))
    values: dict[str, object] = {"on": state.on, "owner": state.owner, "reason": state.reason}
    values |= {"changed_by": state.changed_by, "changed_at": state.changed_at}
    statement = insert(flags).values(organization_id=organization_id, name=state.name, **values)
    statement = statement.on_conflict_do_update(index_elements=["organization_id", "name"], set_=values)
    await transaction.connection.execute(statement)
    transaction.publish(organization_id, FlagChanged(time=now, subject=state.name, data=state))


async def map_group(
    transaction: Transaction, organization_id: int, name: str, role: Role, created_by: str, now: datetime
) -> None:
    """Let a group of the identity provider have this role here. Raises Invalid for a name that can't be."""
    if not 0 < len(name.strip()) <= 255 or not name.isprintable():
        raise Invalid("A group's name has 1 to 255 visible characters")
    values = {"role": role, "created_by": created_by, "created_at": now}
    statement = insert(group_roles).values(organization_id=organization_id, name=name.strip(), **values)
    statement = statement.on_conflict_do_update(index_elements=["organization_id", "name"], set_=values)
    await transaction.connection.execute(statement)


async def unmap_group(transaction: Transaction, organization_id: int, number: int) -> None:
    """Let a group have no role here any more."""
    c = group_roles.c
    statement = sa.delete(group_roles).where(c.organization_id == organization_id, c.id == number)
    await transaction.connection.execute(statement)
