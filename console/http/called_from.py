"""Where the request that is being answered came from, for what is written down about it deep within."""

from contextvars import ContextVar

from litestar.types import Scope
from msgspec import Struct

ON_BEHALF_OF = b"x-on-behalf-of"


class CalledFrom(Struct, frozen=True):
    """A request's id and address, and for whom a program says that it acts."""

    request_id: str | None = None
    address: str | None = None
    on_behalf_of: str | None = None


called_from: ContextVar[CalledFrom] = ContextVar("called_from", default=CalledFrom())  # noqa: B039


def origin_of(scope: Scope, request_id: str) -> CalledFrom:
    """Of this request, whose address is the client's own by now."""
    client = scope.get("client")
    said = next((value for name, value in scope["headers"] if name == ON_BEHALF_OF), None)
    return CalledFrom(request_id, client[0] if client else None, said.decode("latin-1")[:200] if said else None)
