"""What 1NCE answers to each organization: for `console doctor`."""

import asyncio

from msgspec import to_builtins

from console.carrier.examination import CarrierCheck, CarrierExamination
from console.once.client import OnceClient
from console.once.errors import OnceError, SignInRefused
from console.once.http.changes import CircuitState
from console.once.http.rate_limit import CallPriority
from console.once.probe import ProbeResult, probe
from console.organizations import reads
from console.settings import Settings
from console.store.database import open_database
from jobs.polling.clients import OnceClients


async def examine(settings: Settings) -> list[CarrierExamination]:
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


async def _one(once_clients: OnceClients, organization: reads.Organization) -> CarrierExamination:
    client = await once_clients.client(organization.id)
    if client is None:
        advice = f"Run `console org add {organization.slug}` with its client id and secret."
        found: list[CarrierCheck] = [
            CarrierCheck(what="credentials", fault=True, found="no credentials for 1NCE", advice=advice)
        ]
        return CarrierExamination(organization=organization.slug, checks=found, shapes=[])
    signed_in, circuit = await _sign_in(client), await _circuit(client)
    if signed_in.fault:
        return CarrierExamination(organization=organization.slug, checks=[signed_in, circuit], shapes=[])
    probed = await probe(client, await _a_sim(client))
    checks = [signed_in, circuit, *_operations(probed)]
    return CarrierExamination(
        organization=organization.slug, checks=checks, shapes=[to_builtins(one) for one in probed]
    )


async def _sign_in(client: OnceClient) -> CarrierCheck:
    def refused(found: str, advice: str) -> CarrierCheck:
        return CarrierCheck(what="sign-in", fault=True, found=found, advice=advice)

    try:
        total = await client.check()
    except SignInRefused as error:
        advice = (
            "Make credentials in 1NCE's portal under Account, Management API Access, as a user who is not the Owner."
        )
        return refused(f"refused: {error}", advice)
    except OnceError as error:
        return refused(str(error), "If 1NCE is up, check ONCE_BASE_URL and that this machine may reach it.")
    return CarrierCheck(what="sign-in", found=f"signed in; {'an unknown number of' if total is None else total} SIMs")


async def _circuit(client: OnceClient) -> CarrierCheck:
    try:
        snapshot = await client.carrier()
    except OnceError as error:
        return CarrierCheck(what="circuit", fault=True, found=str(error), advice="Is Redis up?")
    if snapshot.circuit is CircuitState.CLOSED:
        return CarrierCheck(what="circuit", found="closed: calls go through")
    advice = "It closes by itself with the first answer; until then pages show what the database knows."
    return CarrierCheck(
        what="circuit", fault=True, found=f"{snapshot.circuit.replace('_', ' ')}: {snapshot.reason}", advice=advice
    )


async def _a_sim(client: OnceClient) -> str | None:
    """A SIM to ask about, if there is one."""
    try:
        page = await client.sims(1, page_size=1, priority=CallPriority.COMMAND, force=True)
    except OnceError:
        return None
    return page.items[0].iccid if page.items else None


def _operations(probed: list[ProbeResult]) -> list[CarrierCheck]:
    answered = [one.operation for one in probed if one.offered]
    checks = [CarrierCheck(what="can read", found=", ".join(answered) or "nothing")]
    for one in probed:
        if one.offered is False:
            checks.append(CarrierCheck(what=f"lacks {one.operation}", found=one.note))
        elif one.offered is None:
            checks.append(
                CarrierCheck(what=f"not clear: {one.operation}", found=f"{one.status or 'no status'}: {one.note}")
            )
    return checks
