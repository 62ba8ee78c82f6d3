"""Orders and support tickets of the organization's account at 1NCE, for programs, with the actions that made them."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, HeaderParameter, JSONBody
from msgspec import Meta, Struct, structs
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.actions import reads, requests
from console.actions.asking import answer
from console.actions.bodies import REASON
from console.actions.commands import ask
from console.carrier import orders, tickets
from console.carrier.orders import Order
from console.carrier.tickets import Ticket
from console.errors import SimNotFound
from console.facts.actions import Action
from console.facts.masking import masked_text
from console.http.paging import Listing, ListRequest, list_request
from console.organizations.rules import Caller, Permission
from console.settings import Settings
from console.sims import reads as sim_reads
from console.sims.api import plain_iccid
from console.store.database import Database

Reading = NamedDependency[AsyncConnection]
By = NamedDependency[Caller]


class NewTicket(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question to 1NCE's support about a SIM."""

    iccid: Annotated[
        str, Meta(max_length=100, description="The SIM that it is about.", examples=["8988228066600000001"])
    ]
    subject: Annotated[str, Meta(max_length=200, description="In a few words.", examples=["No data since Monday"])]
    text: Annotated[
        str, Meta(max_length=5000, description="What is asked.", examples=["The SIM attaches, but opens no session."])
    ]
    reply_to: Annotated[
        str, Meta(max_length=200, description="The mail address that 1NCE answers to.", examples=["ops@example.com"])
    ]
    facts: Annotated[
        bool, Meta(description="Whether what is known of the SIM is written below the text.", examples=[True])
    ] = True
    mask: Annotated[
        bool,
        Meta(
            description="Whether ICCID, IMSI, MSISDN, IMEI and IP address are sent with their last four digits alone.",
            examples=[False],
        ),
    ] = False
    reason: REASON = None


@get("/orders", operation_id="listOrders", summary="List the orders at 1NCE, the newest first")
async def list_orders(
    caller: By, reading: Reading, asked: NamedDependency[ListRequest], iccid: FromQuery[str | None] = None
) -> Listing[Order]:
    """As 1NCE listed them last, top-ups among them, each with its action. Ordering stays in 1NCE's portal."""
    wanted = plain_iccid(iccid) if iccid else None
    found, following = await orders.page(
        reading,
        caller.organization_id,
        iccid=wanted,
        limit=asked.page_size,
        offset=asked.offset,
        cursor=asked.cursor,
    )
    total = await orders.count(reading, caller.organization_id, iccid=wanted, exact=asked.exact)
    return asked.listing(Order, await linked_orders(reading, caller.organization_id, found), following, total)


@get("/tickets", operation_id="listTickets", summary="List the tickets at 1NCE's support, the newest first")
async def list_tickets(caller: By, reading: Reading, asked: NamedDependency[ListRequest]) -> Listing[Ticket]:
    """As 1NCE listed them last, each with what was written since and the action that opened it."""
    found, following = await tickets.page(
        reading, caller.organization_id, limit=asked.page_size, offset=asked.offset, cursor=asked.cursor
    )
    total = await tickets.count(reading, caller.organization_id, exact=asked.exact)
    return asked.listing(Ticket, await linked_tickets(reading, caller, found), following, total)


@post(
    "/tickets",
    operation_id="openTicket",
    summary="Open a ticket about a SIM",
    status_code=202,
    opt={"permission": Permission.SIMS_ACT},
)
async def open_ticket(
    caller: By,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    data: JSONBody[NewTicket],
    key: Annotated[
        str, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[!-~]{1,255}$")
    ],
) -> Response[Action]:
    """An action like the others: sent at most once, and confirmed when 1NCE lists it."""
    iccid = plain_iccid(data.iccid)
    async with db.transaction() as transaction, acting(transaction, caller, "ticket.open", iccid) as act:
        sim = await sim_reads.one(transaction.connection, caller.organization_id, iccid)
        if sim is None:
            raise SimNotFound(iccid)
        asked = requests.ticket(
            sim,
            data.subject,
            data.text,
            data.reply_to,
            facts=data.facts,
            mask=data.mask or not caller.sees_identifiers,
            reason=data.reason,
        )
        return answer(await ask(transaction, act, caller, asked, key, settings))


async def linked_orders(connection: AsyncConnection, organization_id: int, found: list[Order]) -> list[Order]:
    """The orders with the actions that made them."""
    numbers = [order.number for order in found]
    made_by = await reads.of_orders(connection, organization_id, numbers)
    return [structs.replace(order, action=made_by.get(order.number)) for order in found]


async def linked_tickets(connection: AsyncConnection, caller: Caller, found: list[Ticket]) -> list[Ticket]:
    """The tickets with the actions that opened them, as this caller may see them."""
    made_by = await reads.of_tickets(connection, caller.organization_id, [ticket.id for ticket in found])
    linked = [structs.replace(ticket, action=made_by.get(ticket.id)) for ticket in found]
    return linked if caller.sees_identifiers else [_masked(ticket) for ticket in linked]


def _masked(ticket: Ticket) -> Ticket:
    said = [structs.replace(one, text=one.text and masked_text(one.text)) for one in ticket.communications]
    return structs.replace(ticket, text=ticket.text and masked_text(ticket.text), communications=said)


router = Router(
    "/",
    route_handlers=[list_orders, list_tickets, open_ticket],
    tags=["Carrier"],
    dependencies={"asked": Provide(list_request)},
)
