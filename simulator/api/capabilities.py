"""Which families of calls 1NCE offers this account: any of them can be taken away, as it may be one day."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from simulator.answers import Answer, gateway, refusal
from simulator.requests import Handler, Request

Family = Literal["orders", "products", "support", "usage"]
Offer = bool | Literal[403, 404, 410]


class Capabilities(Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /_sim/capabilities` changes those that it names: True, or the status that every request for it gets.

    False is 404. Usage is not offered until it is turned on, since its schema is not known.
    """

    orders: Offer = True
    products: Offer = True
    support: Offer = True
    usage: Offer = False

    def handler(self, family: Family, handler: Handler) -> Handler:
        """The handler, open while its family is offered."""

        def open_or_not(request: Request) -> Answer:
            offer: Offer = getattr(self, family)
            if offer is True:
                return handler(request)
            if offer == 403:
                raise gateway(403, "Forbidden")
            raise refusal(offer or 404, "There is no such path.")

        return open_or_not
