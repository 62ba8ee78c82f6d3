"""What a one-time link opens: becoming a member of an organization, or setting a new password."""

from datetime import UTC, datetime
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from msgspec import Struct

from console.acting import Actor, ActorKind, acting
from console.audit.bounds import Refused, is_written
from console.callers import Callers
from console.errors import Conflict, Invalid, NotFound
from console.http.authentication import Access
from console.http.client_address import client_address, network_of
from console.http.route_options import KEY_IN_ADDRESS
from console.members.entering import enter, switch
from console.members.links_writes import use_link, withdraw_links_of
from console.members.one_time_links import OpenedLink, opened
from console.members.writes import add_member, put_user
from console.organizations.rules import Caller
from console.pages.administration import FORM_BYTES, SECRET, Form
from console.pages.leaving import leave
from console.pages.session_cookie import session_cookie
from console.settings import Settings
from console.store.database import Database
from console.users.writes import set_password

Asked = Request[Any, Any, Any]
STRANGER = Actor(kind=ActorKind.STRANGER, name="holder of a link")
GONE = "This link has been used, withdrawn, or is too old: ask for another"


class JoinForm(Struct):
    """A name and a password; neither where somebody who is signed in accepts an invitation."""

    name: str = ""
    password: str = ""


def _drawn(link: OpenedLink, token: str, me: Caller | None, fault: str = "", name: str = "") -> Template:
    context = {"link": link, "token": token, "me": me, "fault": fault, "name": name[:100]}
    return Template("join/join.html", context=context, status_code=422 if fault else 200, headers=SECRET)


@get("/join/{token:str}", include_in_schema=False)
async def join_page(
    request: Asked, db: NamedDependency[Database], callers: NamedDependency[Callers], token: FromPath[str]
) -> Template:
    """What the link is for. Looking at it does not use it up."""
    async with db.reading() as reading:
        link = await opened(reading, token, datetime.now(UTC))
    if link is None:
        raise NotFound(GONE)
    return _drawn(link, token, await callers.of_session(request))


@post("/join/{token:str}", status_code=200, include_in_schema=False)
async def join(
    request: Asked,
    db: NamedDependency[Database],
    callers: NamedDependency[Callers],
    settings: NamedDependency[Settings],
    token: FromPath[str],
    data: Form[JoinForm],
) -> Response[Any]:
    """Into the organization with a session that begins here; the form again if something is refused."""
    now, me = datetime.now(UTC), await callers.of_session(request)
    address, agent = client_address(request.scope), request.headers.get("user-agent", "")
    async with db.reading() as reading:
        opens = await opened(reading, token, now) is not None
    whose = me.handle if me else network_of(request.scope)
    if not opens and not await is_written(db.redis, Refused.LINK, whose, now.timestamp()):
        raise NotFound(GONE)
    try:
        async with (
            db.transaction() as transaction,
            acting(transaction, me or STRANGER, "link.use") as act,
        ):
            link = await use_link(transaction, token, now)
            act.organization_id, act.subject = link.organization_id, link.user or data.name
            act.after = {"role": link.role, "created_by": link.created_by}
            if (role := link.invites_as) and not data.name and me is not None:
                assert me.user_id is not None
                assert me.session is not None
                await add_member(transaction, link.organization_id, me.user_id, role, now)
                session_id = await switch(transaction, me.session, me.user_id, link.organization_id, now)
            elif role:
                user_id = await put_user(transaction, link.organization_id, data.name, role, data.password, now)
                session_id = await enter(transaction, user_id, link.organization_id, now, address=address, agent=agent)
            else:
                assert link.user_id is not None
                await set_password(transaction, link.user_id, data.password, words=[link.organization])
                await withdraw_links_of(transaction, link.user_id)
                session_id = ""
    except (Invalid, Conflict) as error:
        async with db.reading() as reading:
            again = await opened(reading, token, now)
        if again is None:
            raise NotFound(GONE) from error
        return _drawn(again, token, me, error.message, data.name)
    if not session_id:
        return Redirect("/sign-in", status_code=303)
    await leave(request, db, settings, callers)  # none that was switched: it has another id by now
    return Redirect("/", status_code=303, cookies=[session_cookie(settings, session_id)])


router = Router(
    "/",
    route_handlers=[join_page, join],
    request_max_body_size=FORM_BYTES,
    opt={"access": Access.PUBLIC, "counted": True, KEY_IN_ADDRESS: True},
)
