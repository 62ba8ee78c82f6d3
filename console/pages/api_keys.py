"""The API keys of the organization. For administrators."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from msgspec import Meta, Struct, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.api_keys import reads, revoking
from console.api_keys.rules import (
    LONGEST_DAYS,
    USUAL_DAYS,
    WALL,
    KeyMakers,
    KeyPolicy,
    check_maker,
    check_scopes,
    prefix_of,
)
from console.api_keys.writes import put_key, put_policy
from console.errors import Invalid
from console.organizations.rules import ALLOWS, Caller, Permission
from console.pages.administration import FORM_BYTES, Form, page
from console.store.database import Database

SOON = timedelta(days=7)


class KeyForm(Struct):
    """A new key: its networks by comma or blank."""

    name: str = ""
    scopes: list[Permission] | Permission = []  # a form with one box ticked sends no list
    days: Annotated[str, Meta(max_length=10)] = ""
    networks: str = ""
    for_wall: str = ""  # "yes": it opens the wall alone, and has no scopes


class PolicyForm(Struct):
    """What is demanded of keys: a longest life in days (empty: the console's), an end, and who makes them."""

    longest_days: Annotated[str, Meta(max_length=10)] = ""
    must_end: str = ""
    makers: KeyMakers = KeyMakers.ADMINISTRATORS


async def _drawn(
    reading: AsyncConnection,
    caller: Caller,
    live_since: str,
    *,
    key: str = "",
    origin: str = "",
    fault: str = "",
    for_wall: bool = False,
) -> Template:
    now = datetime.now(UTC)
    found = await reads.keys_of(reading, caller.organization_id)
    policy = await reads.policy_of(reading, caller.organization_id)
    in_use = [one for one in found if one.revoked_at is None and (one.expires_at is None or one.expires_at > now)]
    return await page(
        reading,
        caller,
        live_since,
        "api-keys",
        "api_keys/api_keys.html",
        status=422 if fault else 200,
        secret=bool(key),
        keys=in_use,
        ended=[one for one in reversed(found) if one not in in_use],
        soon=now + SOON,
        scopes=[(one, ALLOWS[one]) for one in Permission if caller.may(one)],
        policy=policy,
        usual_days=min(USUAL_DAYS, policy.longest_days or LONGEST_DAYS),
        longest_days=policy.longest_days or LONGEST_DAYS,
        most_days=LONGEST_DAYS,
        key=key,
        origin=origin,
        fault=fault,
        for_wall=for_wall,
    )


@get("/api-keys")
async def api_keys(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], live_since: NamedDependency[str]
) -> Template:
    """Each key's prefix, scopes, end and last use."""
    return await _drawn(reading, caller, live_since)


@post("/api-keys", status_code=200)
async def make(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    data: Form[KeyForm],
) -> Template:
    """The page with the key, which is shown this once; with the reason if it can't be made."""
    scopes = [data.scopes] if isinstance(data.scopes, Permission) else data.scopes
    for_wall = data.for_wall == "yes"
    key, fault = "", ""
    try:
        async with db.transaction() as transaction, acting(transaction, caller, "key.add", data.name) as act:
            check_scopes(caller, scopes, for_wall=for_wall)
            check_maker(await reads.policy_of(transaction.connection, caller.organization_id), caller)
            key = await put_key(
                transaction,
                caller.organization_id,
                data.name,
                scopes,
                datetime.now(UTC),
                days=_days(data.days),
                networks=data.networks.replace(",", " ").split(),
                created_by=caller.name,
                created_by_user_id=caller.user_id,
                for_wall=for_wall,
            )
            act.after = {"scopes": [WALL] if for_wall else sorted(scopes), "days": data.days, "prefix": prefix_of(key)}
    except Invalid as error:
        fault = error.message
    async with db.reading() as reading:
        origin = str(request.base_url).rstrip("/")
        return await _drawn(reading, caller, live_since, key=key, origin=origin, fault=fault, for_wall=for_wall)


@post("/api-keys/policy", status_code=200)
async def change_policy(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    data: Form[PolicyForm],
) -> Response[Any]:
    """Back to the page; with the reason if it can't be so."""
    try:
        days = _days(data.longest_days)
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise Invalid(f"A key lasts 1 to {LONGEST_DAYS} days")
        policy = KeyPolicy(longest_days=days, must_end=data.must_end == "yes", makers=data.makers)
        async with db.transaction() as transaction, acting(transaction, caller, "key.change_policy") as act:
            act.before = to_builtins(await reads.policy_of(transaction.connection, caller.organization_id))
            act.after = to_builtins(policy)
            await put_policy(transaction, caller.organization_id, policy)
    except Invalid as error:
        async with db.reading() as reading:
            return await _drawn(reading, caller, live_since, fault=error.message)
    return Redirect("/api-keys", status_code=303)


def _days(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal():
        raise Invalid("The days are a whole number")
    return int(text)


@post("/api-keys/{prefix:str}/revoke", status_code=303)
async def revoke(caller: NamedDependency[Caller], db: NamedDependency[Database], prefix: FromPath[str]) -> Redirect:
    """The key opens nothing any more."""
    async with db.transaction() as transaction, acting(transaction, caller, "key.revoke", prefix) as act:
        await revoking.revoke(
            transaction, caller, act, prefix, datetime.now(UTC), organization_id=caller.organization_id
        )
    return Redirect("/api-keys", status_code=303)


router = Router(
    "/",
    route_handlers=[api_keys, make, change_policy, revoke],
    request_max_body_size=FORM_BYTES,
    opt={"permission": Permission.ADMIN},
)
