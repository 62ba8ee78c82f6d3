"""Reads 1NCE's price list, orders and support tickets, each of which 1NCE may not offer to an organization."""

from datetime import timedelta

from console.carrier import orders as kept_orders
from console.carrier.listed_writes import record_orders, record_products, record_tickets
from console.once.errors import CircuitOpen, OnceError, Refused
from console.once.orders import ORDERS_PER_PAGE, TICKETS_PER_PAGE
from jobs.polling.rows import order_rows, product_rows, ticket_rows
from jobs.run import Run, by_organization

PAGES_OF_ORDERS = 40  # a run: 1NCE allows an address 100 calls in five minutes, and evidence of top-ups needs some
PAGES_OF_TICKETS = 10
PAID_WITHIN = timedelta(days=30)  # an order that is older and not completed is not looked for again


@by_organization(needs_once=True)
async def sync_orders(run: Run) -> None:
    """What 1NCE does not offer is passed over: the page 1NCE says so."""
    for read in (_products, _orders, _tickets):
        try:
            await read(run)
        except CircuitOpen:
            raise
        except Refused:  # the state of the carrier has the reason
            continue
        except OnceError as error:
            run.tally.error = str(error)
            run.counted(failed=1)


async def _products(run: Run) -> None:
    """The whole list, which is not paged. An empty one is no price list."""
    products = await run.client.orders.products()
    rows = product_rows(products, run.now())
    if rows:
        async with run.db.transaction() as transaction:
            await record_products(transaction, run.organization_id, rows)
    run.counted(seen=len(rows))


async def _orders(run: Run) -> None:
    """From the newest back to what is known: as far as orders wait to be completed, then on where the past is missing.

    1NCE can't be asked for changes alone.
    """
    page = 1
    for _ in range(PAGES_OF_ORDERS):
        found = await run.client.orders.orders(page)
        if not found.items:
            return
        rows = order_rows(found.items)
        async with run.db.transaction() as transaction:
            changed = await record_orders(transaction, run.organization_id, rows, run.now())
            kept, pending_since = await kept_orders.kept(
                transaction.connection, run.organization_id, run.now() - PAID_WITHIN
            )
        run.counted(seen=len(rows), changed=changed, failed=len(found.unreadable))
        dates = [order.ordered_at for order in found.items if order.ordered_at is not None]
        if changed or (pending_since is not None and dates and min(dates) > pending_since):
            page += 1
        elif found.total is not None and kept < found.total:
            page = max(page, kept // ORDERS_PER_PAGE) + 1
        else:
            return


async def _tickets(run: Run) -> None:
    for page in range(1, PAGES_OF_TICKETS + 1):
        found = await run.client.orders.tickets(page)
        rows = ticket_rows(found.items)
        async with run.db.transaction() as transaction:
            changed = await record_tickets(transaction, run.organization_id, rows)
        run.counted(seen=len(rows), changed=changed, failed=len(found.unreadable))
        if len(found.items) + len(found.unreadable) < TICKETS_PER_PAGE:
            return
