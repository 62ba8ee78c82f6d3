"""API keys of the organization, for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Router, get, post, put, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, to_builtins
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.api_keys import reads
from console.api_keys.reads import ApiKey
from console.api_keys.revoking import revoke
from console.api_keys.rules import USUAL_DAYS, WALL, KeyPolicy, check_change, check_maker, check_scopes, prefix_of
from console.api_keys.writes import put_key, put_policy
from console.http.fields import FieldNames, selected
from console.organizations.rules import Caller, Permission
from console.store.database import Database


class ApiKeys(Struct, frozen=True, kw_only=True):
    """The API keys of your organization."""

    items: Annotated[list[ApiKey], Meta(description="The keys, the oldest first; those that have ended too.")]


class NewApiKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An API key to be made."""

    name: Annotated[str, Meta(description="What it is for.", examples=["billing export"])]
    scopes: Annotated[list[Permission], Meta(description="What it may do: no more than you may.")]
    days: Annotated[int | None, Meta(description="After so many days it ends; null: never.", examples=[30])] = (
        USUAL_DAYS
    )
    networks: Annotated[
        list[str],
        Meta(description="Accepted from here alone; none: from everywhere.", examples=[["192.0.2.0/24"]]),
    ] = []
    for_wall: Annotated[
        bool,
        Meta(
            description="It opens the page for a wall screen and nothing else, read-only; `scopes` is empty then.",
            examples=[False],
        ),
    ] = False


class MadeApiKey(Struct, frozen=True, kw_only=True):
    """A new API key."""

    key: Annotated[
        str,
        Meta(
            description="The whole key: it is shown this once.",
            examples=["iot_key_AbCdEfGh_AbCdEfGhAbCdEfGhAbCdEfGhAbCdEfGhAbCdEfGhxYz234"],
        ),
    ]


@get("/api-keys", operation_id="listApiKeys", summary="List the API keys of your organization")
async def list_api_keys(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], fields: FieldNames = ""
) -> ApiKeys:
    """Of each the part that may be shown, its scopes, its end and its last use."""
    return ApiKeys(items=selected(ApiKey, await reads.keys_of(reading, caller.organization_id), fields))


@post("/api-keys", operation_id="makeApiKey", summary="Make an API key", status_code=201)
async def make_api_key(
    caller: NamedDependency[Caller], db: NamedDependency[Database], data: JSONBody[NewApiKey]
) -> MadeApiKey:
    """It is shown in this answer alone: the console keeps a hash of it. `/api-key-policy` says what is demanded."""
    async with db.transaction() as transaction, acting(transaction, caller, "key.add", data.name) as act:
        check_scopes(caller, data.scopes, for_wall=data.for_wall)
        check_maker(await reads.policy_of(transaction.connection, caller.organization_id), caller)
        maker = await reads.maker_behind(transaction.connection, caller)
        key = await put_key(
            transaction,
            caller.organization_id,
            data.name,
            data.scopes,
            datetime.now(UTC),
            days=data.days,
            networks=data.networks,
            created_by=maker.name,
            created_by_user_id=maker.user_id,
            created_by_key_id=maker.key_id,
            for_wall=data.for_wall,
        )
        scopes = [WALL] if data.for_wall else sorted(data.scopes)
        act.after = {"scopes": scopes, "days": data.days, "prefix": prefix_of(key)}
    return MadeApiKey(key=key)


@route(
    "/api-keys/{prefix:str}",
    http_method=HttpMethod.DELETE,
    status_code=204,
    operation_id="revokeApiKey",
    summary="Revoke an API key",
)
async def revoke_api_key(caller: NamedDependency[Caller], db: NamedDependency[Database], prefix: FromPath[str]) -> None:
    """It opens nothing from this moment, nor do keys that it made; its streams end within 15 seconds."""
    async with db.transaction() as transaction, acting(transaction, caller, "key.revoke", prefix) as act:
        await revoke(transaction, caller, act, prefix, datetime.now(UTC), organization_id=caller.organization_id)


@get("/api-key-policy", operation_id="getApiKeyPolicy", summary="What your organization demands of API keys")
async def get_policy(caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection]) -> KeyPolicy:
    """How long keys last at most, whether they must end, and who makes them."""
    return await reads.policy_of(reading, caller.organization_id)


@put("/api-key-policy", operation_id="putApiKeyPolicy", summary="Change what your organization demands of API keys")
async def change_policy(
    caller: NamedDependency[Caller], db: NamedDependency[Database], data: JSONBody[KeyPolicy]
) -> KeyPolicy:
    """Of keys that are made from now on. 403 to a key that would demand less than before."""
    async with db.transaction() as transaction, acting(transaction, caller, "key.change_policy") as act:
        before = await reads.policy_of(transaction.connection, caller.organization_id)
        check_change(before, data, caller)
        act.before = to_builtins(before)
        act.after = to_builtins(data)
        await put_policy(transaction, caller.organization_id, data)
    return data


router = Router(
    "/",
    route_handlers=[list_api_keys, make_api_key, revoke_api_key, get_policy, change_policy],
    tags=["Administration"],
    opt={"permission": Permission.ADMIN},
)
