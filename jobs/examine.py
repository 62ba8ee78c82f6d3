"""What 1NCE answers to each organization's account: for `console doctor`."""

import asyncio

from msgspec import to_builtins

from console.carrier.examined import Examined, Looked
from console.once.client import OnceClient
from console.once.errors import OnceError, SignInRefused
from console.once.http.notices import LineState
from console.once.http.rate_limit import Lane
from console.once.probe import Explored, explore
from console.organizations import reads
from console.settings import Settings
from console.store.database import open_database
from jobs.polling.clients import OnceClients


async def examine(settings: Settings) -> list[Examined]:
    """Sign in for each organization and ask for everything that can be read, once. Nothing is changed or bought."""
    db = open_database(settings.database_url, settings.redis_url, connections=2)
    once_clients = OnceClients(settings, db)
    try:
        async with db.reading() as connection:
            organizations = await reads.every(connection)
        examined = await asyncio.gather(*(_one(once_clients, found) for found in organizations))
        await once_clients.report()
        return examined
    finally:
        await once_clients.close()
        await db.close()


async def _one(once_clients: OnceClients, organization: reads.Organization) -> Examined:
    client = await once_clients.client(organization.id)
    if client is None:
        advice = f"Run `console org add {organization.slug}` with its client id and secret."
        found: list[Looked] = [Looked(what="account", fault=True, found="no account at 1NCE", advice=advice)]
        return Examined(organization=organization.slug, looked=found, shapes=[])
    signed_in, line = await _sign_in(client), await _line(client)
    if signed_in.fault:
        return Examined(organization=organization.slug, looked=[signed_in, line], shapes=[])
    explored = await explore(client, await _a_sim(client))
    looked = [signed_in, line, *_offers(explored)]
    return Examined(organization=organization.slug, looked=looked, shapes=[to_builtins(one) for one in explored])


async def _sign_in(client: OnceClient) -> Looked:
    def refused(found: str, advice: str) -> Looked:
        return Looked(what="sign-in", fault=True, found=found, advice=advice)

    try:
        total = await client.check()
    except SignInRefused as error:
        advice = (
            "Make credentials in 1NCE's portal under Account, Management API Access, as a user who is not the Owner."
        )
        return refused(f"refused: {error}", advice)
    except OnceError as error:
        return refused(str(error), "If 1NCE is up, check ONCE_BASE_URL and that this machine may reach it.")
    return Looked(what="sign-in", found=f"signed in; {'an unknown number of' if total is None else total} SIMs")


async def _line(client: OnceClient) -> Looked:
    try:
        stands = await client.standing()
    except OnceError as error:
        return Looked(what="line", fault=True, found=str(error), advice="Is Redis up?")
    if stands.line is LineState.CLOSED:
        return Looked(what="line", found="closed: the workers ask 1NCE as it is due")
    advice = "It closes by itself with the first answer; until then pages show what the database knows."
    return Looked(what="line", fault=True, found=f"{stands.line.replace('_', ' ')}: {stands.reason}", advice=advice)


async def _a_sim(client: OnceClient) -> str | None:
    """A SIM to ask about, if there is one."""
    try:
        page = await client.sims(1, page_size=1, lane=Lane.COMMAND, whatever=True)
    except OnceError:
        return None
    return page.items[0].iccid if page.items else None


def _offers(explored: list[Explored]) -> list[Looked]:
    answered = [one.operation for one in explored if one.offered]
    looked = [Looked(what="can read", found=", ".join(answered) or "nothing")]
    for one in explored:
        if one.offered is False:
            looked.append(Looked(what=f"lacks {one.operation}", found=one.note))
        elif one.offered is None:
            looked.append(Looked(what=f"not clear: {one.operation}", found=f"{one.status or 'no status'}: {one.note}"))
    return looked
