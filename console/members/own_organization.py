"""Who calls, and the organization that they call for, for programs."""

from datetime import datetime
from typing import Annotated, Literal

from litestar import Router, get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.api_keys.reads import end_of_key
from console.errors import NotAllowed, NotFound
from console.http.fields import FieldNames, selected
from console.organizations import reads, writes
from console.organizations.reads import OrganizationSettings
from console.organizations.rules import Caller, Permission, Role
from console.settings import Settings
from console.store.database import Database

SECRET = Annotated[str | UnsetType, Meta(description="A secret; it is stored sealed and never shown.", examples=["…"])]


class WhoAmI(Struct, frozen=True, kw_only=True):
    """The caller of this request."""

    name: Annotated[str, Meta(description="The API key's or the user's name.", examples=["billing export"])]
    organization: Annotated[str, Meta(description="The organization's name.", examples=["Acme"])]
    organization_id: Annotated[int, Meta(description="The organization's number.", examples=[1])]
    role: Annotated[Role | None, Meta(description="A user's role; null for an API key.")]
    scopes: Annotated[list[Permission], Meta(description="What it may do.")]
    credential: Annotated[Literal["api_key", "access_token"], Meta(description="What was sent with the request.")]
    expires_at: Annotated[
        datetime | None,
        Meta(description="When it ends; null for an API key that never does.", examples=["2026-11-20T10:30:00Z"]),
    ]


class Organizations(Struct, frozen=True, kw_only=True):
    """The organizations that you may see: your own."""

    items: Annotated[list[OrganizationSettings], Meta(description="Your organization.")]


class OrganizationChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change of an organization; what is left out stays."""

    name: Annotated[str | UnsetType, Meta(description="As people read it.", examples=["Acme"])] = UNSET
    once_client_id: Annotated[str | UnsetType, Meta(description="Of 1NCE's Management API.", examples=["acme-api"])] = (
        UNSET
    )
    once_client_secret: SECRET = UNSET
    streamer_username: Annotated[
        str | UnsetType, Meta(description="What the Data Streamer signs in with.", examples=["streamer"])
    ] = UNSET
    streamer_password: SECRET = UNSET
    second_factor_from: Annotated[
        Annotated[datetime, Meta(tz=True)] | UnsetType | None,
        Meta(
            description="Since when its members need a second factor; null: they may have one.",
            examples=["2026-12-01T00:00:00Z"],
        ),
    ] = UNSET


@get("/whoami", operation_id="whoAmI", summary="Who calls, and what they may do", opt={"permission": None})
async def who_am_i(caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection]) -> WhoAmI:
    """Whose this API key or access token is: any that is accepted may ask."""
    ends = None if caller.token is None else caller.token.expires_at
    if caller.key_id is not None:
        ends = await end_of_key(reading, caller.organization_id, caller.key_id)
    return WhoAmI(
        name=caller.name,
        organization=caller.organization,
        organization_id=caller.organization_id,
        role=caller.role,
        scopes=sorted(caller.permissions),
        credential="api_key" if caller.token is None else "access_token",
        expires_at=ends,
    )


@get("/organizations", operation_id="listOrganizations", summary="Your organization and its account at 1NCE")
async def list_organizations(
    caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection], fields: FieldNames = ""
) -> Organizations:
    """Whether its secrets are set, never what they are."""
    return Organizations(
        items=selected(OrganizationSettings, [await reads.settings_of(reading, caller.organization_id)], fields)
    )


@patch("/organizations/{organization_id:int}", operation_id="changeOrganization", summary="Change your organization")
async def change_organization(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    organization_id: FromPath[int],
    data: JSONBody[OrganizationChanges],
) -> OrganizationSettings:
    """Its name, its credentials at 1NCE and what the Data Streamer signs in with."""
    given = {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET}
    changed = sorted(given)
    demanded = given.pop("second_factor_from", UNSET)
    async with (
        db.transaction() as transaction,
        acting(transaction, caller, "organization.change", caller.organization) as act,
    ):
        if organization_id != caller.organization_id:
            act.subject = str(organization_id)
            raise NotFound("There is no such organization", organization_id=organization_id)
        act.after = {"changed": changed}
        if demanded is not UNSET:
            await check_demand(transaction.connection, caller, demanded)
            act.after["second_factor_from"] = str(demanded)
            await writes.demand_second_factor(transaction, organization_id, demanded)
        await writes.change_settings(transaction, settings.secret_key, organization_id, given)
        return await reads.settings_of(transaction.connection, organization_id)


async def check_demand(connection: AsyncConnection, caller: Caller, wanted: datetime | None) -> None:
    """Raises NotAllowed if an API key would let members do longer without a second factor: a person decides that."""
    before = (await reads.settings_of(connection, caller.organization_id)).second_factor_from
    if caller.key_id is not None and before is not None and (wanted is None or wanted > before):
        raise NotAllowed("A key may demand a second factor sooner; to demand it later, or of nobody, somebody signs in")


router = Router(
    "/",
    route_handlers=[
        who_am_i,
        Router(
            "/",
            route_handlers=[list_organizations, change_organization],
            opt={"permission": Permission.ADMIN},
        ),
    ],
    tags=["Administration"],
)
