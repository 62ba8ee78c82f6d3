"""What programs can ask 1NCE to do with a SIM: each with an idempotency key, each answered with an action."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import HttpMethod, Response, Router, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody

from console.acting import acting
from console.actions import reads, requests
from console.actions.bodies import NewImeiLock, NewLabel, NewReplacement, NewReset, NewSms, NewStatus, NewTopUp
from console.actions.commands import ask
from console.facts.actions import Action
from console.facts.sims import SimState
from console.organizations.rules import Caller, Permission
from console.settings import Settings
from console.sims.api import plain_iccid
from console.sms.variables import filled
from console.store.database import Database

KEY = Annotated[
    str,
    HeaderParameter(name="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[!-~]{1,255}$"),
]


Db = NamedDependency[Database]
By = NamedDependency[Caller]
Sim = NamedDependency[SimState]
Given = NamedDependency[Settings]


@post(
    "/{iccid:str}/topup",
    operation_id="topUpSim",
    summary="Top up a SIM",
    status_code=202,
    opt={"permission": Permission.SIMS_SPEND},
)
async def top_up_sim(
    caller: By, db: Db, settings: Given, sim: Sim, data: JSONBody[NewTopUp], key: KEY
) -> Response[Action]:
    """Real money, spent once. 409 while a top-up of the SIM is under way, and within 10 minutes unless `repeat`."""
    asked = requests.top_up(sim.iccid, data.payment_method, reason=data.reason, repeat=data.repeat)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.top_up", sim.iccid) as act:
        return answer(await ask(transaction, act, caller, asked, key, settings))


@post(
    "/{iccid:str}/sms",
    operation_id="sendSms",
    summary="Send an SMS to a SIM",
    status_code=202,
    opt={"permission": Permission.SMS_SEND},
)
async def send_sms(caller: By, db: Db, settings: Given, sim: Sim, data: JSONBody[NewSms], key: KEY) -> Response[Action]:
    """Each part counts as one message. Nothing is sent twice because an answer was lost."""
    asked = requests.sms(
        sim.iccid,
        filled(data.payload, sim) if data.fill else data.payload,
        datetime.now(UTC),
        source_address=data.source_address,
        expires_at=data.expires_at,
        reason=data.reason,
        template=data.payload if data.fill else None,
    )
    async with db.transaction() as transaction, acting(transaction, caller, "sms.send", sim.iccid) as act:
        return answer(await ask(transaction, act, caller, asked, key, settings))


@route(
    "/{iccid:str}/sms/{sms_id:str}",
    http_method=HttpMethod.DELETE,
    operation_id="cancelSms",
    summary="Cancel a pending SMS",
    status_code=202,
    opt={"permission": Permission.SMS_SEND},
)
async def cancel_sms(
    caller: By,
    db: Db,
    settings: Given,
    sim: Sim,
    sms_id: FromPath[str],
    key: Annotated[
        str | None, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[!-~]{1,255}$")
    ] = None,
) -> Response[Action]:
    """1NCE cancels a message that is not delivered yet. Without a key, each message is cancelled once; an attempt that
    came to nothing can be followed by another.
    """
    asked = requests.cancel_sms(sim.iccid, sms_id)
    async with db.transaction() as transaction, acting(transaction, caller, "sms.cancel", sim.iccid) as act:
        own_key = key or await reads.key_to_cancel(
            transaction.connection, caller.organization_id, caller.handle, sim.iccid, sms_id
        )
        return answer(await ask(transaction, act, caller, asked, own_key, settings))


@post("/{iccid:str}/reset", operation_id="resetSim", summary="Reset a SIM's connection", status_code=202)
async def reset_sim(
    caller: By, db: Db, settings: Given, sim: Sim, data: JSONBody[NewReset], key: KEY
) -> Response[Action]:
    """The session ends, and the device connects anew."""
    asked = requests.reset(sim.iccid, reason=data.reason)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.reset", sim.iccid) as act:
        return answer(await ask(transaction, act, caller, asked, key, settings))


@post("/{iccid:str}/status", operation_id="enableSim", summary="Enable or disable a SIM", status_code=202)
async def enable_sim(
    caller: By, db: Db, settings: Given, sim: Sim, data: JSONBody[NewStatus], key: KEY
) -> Response[Action]:
    """Disabled, it leaves the network."""
    asked = requests.status(sim.iccid, enabled=data.enabled, reason=data.reason)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.enable", sim.iccid) as act:
        return answer(await ask(transaction, act, caller, asked, key, settings))


@post(
    "/{iccid:str}/imei-lock", operation_id="lockSim", summary="Lock a SIM to its device, or unlock it", status_code=202
)
async def lock_sim(
    caller: By, db: Db, settings: Given, sim: Sim, data: JSONBody[NewImeiLock], key: KEY
) -> Response[Action]:
    """A lock ends a running session."""
    asked = requests.imei_lock(sim.iccid, locked=data.locked, reason=data.reason)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.lock", sim.iccid) as act:
        return answer(await ask(transaction, act, caller, asked, key, settings))


@post("/{iccid:str}/label", operation_id="labelSim", summary="Change a SIM's label at 1NCE", status_code=202)
async def label_sim(
    caller: By, db: Db, settings: Given, sim: Sim, data: JSONBody[NewLabel], key: KEY
) -> Response[Action]:
    """The label that 1NCE shows too."""
    asked = requests.label(sim.iccid, data.label, reason=data.reason)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.label", sim.iccid) as act:
        return answer(await ask(transaction, act, caller, asked, key, settings))


@post("/{iccid:str}/replace", operation_id="replaceSim", summary="Replace a SIM by another", status_code=202)
async def replace_sim(
    caller: By, db: Db, settings: Given, sim: Sim, data: JSONBody[NewReplacement], key: KEY
) -> Response[Action]:
    """Its label, tags, note and custom fields go to the other SIM, and it is disabled. Needs `sims:write` too.

    409 while one of both is being replaced, where the other SIM is disabled, and where it would lose a label or custom
    field of its own unless `overwrite`.
    """
    asked = requests.replace(sim, plain_iccid(data.by), overwrite=data.overwrite, reason=data.reason)
    async with db.transaction() as transaction, acting(transaction, caller, "sim.replace", sim.iccid) as act:
        return answer(await ask(transaction, act, caller, asked, key, settings))


def answer(made: tuple[Action, bool]) -> Response[Action]:
    """202 with the action, its address, and whether the key had made it before."""
    action, replayed = made
    headers = {"Location": f"/api/v1/actions/{action.id}"}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(action, status_code=202, headers=headers)


router = Router(
    "/sims",
    route_handlers=[top_up_sim, send_sms, cancel_sms, reset_sim, enable_sim, lock_sim, label_sim, replace_sim],
    tags=["Actions"],
    opt={"permission": Permission.SIMS_ACT},
)
