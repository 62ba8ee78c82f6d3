"""Who has forgotten their password asks for a link by mail. What is answered says nothing of who there is."""

import time
from typing import Annotated, Any

from litestar import Request, Router, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Template
from msgspec import Struct

from console.http.authentication import Access
from console.http.client_address import network_of
from console.http.sign_in_throttle import count_forgotten
from console.members.signing_in import NOBODY
from console.settings import Settings
from console.store.database import Database
from console.users.reads import by_name

NOT_KEPT = {"Cache-Control": "no-store"}
FORM_BYTES = 8 * 1024


class ForgottenForm(Struct):
    """Who has forgotten it."""

    name: str = ""


def _drawn(settings: Settings, *, asked: bool) -> Template:
    context = {"asked": asked, "mails": settings.smtp_url is not None or settings.app_env == "development"}
    return Template("sign_in/forgotten.html", context=context, headers=NOT_KEPT)


@get("/sign-in/forgotten", include_in_schema=False)
async def forgotten_page(settings: NamedDependency[Settings]) -> Template:
    """The form, or whom to ask where no mail is sent."""
    return _drawn(settings, asked=False)


@post("/sign-in/forgotten", status_code=200, include_in_schema=False)
async def ask(
    request: Request[Any, Any, Any],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    data: Annotated[ForgottenForm, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Template:
    """A worker mails the link, if there is such a user and they have said where to. Raises TooMany."""
    await count_forgotten(db.redis, network_of(request.scope), time.time())
    async with db.reading() as reading:
        known = await by_name(reading, data.name.strip()) if data.name.isprintable() else None
    user_id = known.id if known else NOBODY
    async with db.transaction() as transaction:
        transaction.later("send_reset_link", key=f"send_reset_link:{user_id}", user_id=user_id)
    return _drawn(settings, asked=True)


router = Router(
    "/",
    route_handlers=[forgotten_page, ask],
    request_max_body_size=FORM_BYTES,
    opt={"access": Access.PUBLIC, "counted": True},
)
