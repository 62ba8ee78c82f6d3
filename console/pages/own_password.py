"""Whether somebody who is signed in knows their password, or has their second factor: counted as at sign-in."""

from datetime import datetime
from typing import Any

from litestar import Request

from console.errors import Invalid, NotSignedIn
from console.http.client_address import client_address, network_of
from console.http.sign_in_throttle import Attempt, begin_factor_attempt
from console.members.signing_in import SignIn, check_password
from console.organizations.rules import Caller
from console.pages.session_cookie import device_of
from console.settings import Settings
from console.store.database import Database

Asked = Request[Any, Any, Any]


async def check_own_password(
    request: Asked, caller: Caller, db: Database, settings: Settings, password: str, now: datetime
) -> None:
    """Raises Invalid for another password, TooMany for one try too many: a stolen session guesses no faster."""
    asked = SignIn(
        name=caller.name,
        password=password,
        address=client_address(request.scope),
        network=network_of(request.scope),
        agent=request.headers.get("user-agent", ""),
        device=device_of(request, settings, caller.name, now),
    )
    try:
        await check_password(db, asked, now)
    except NotSignedIn as error:
        raise Invalid("That is not your present password") from error


async def begin_own_attempt(request: Asked, caller: Caller, db: Database, settings: Settings, now: datetime) -> Attempt:
    """Count a code that the caller tries. Raises TooMany if none may be tried."""
    assert caller.user_id is not None
    device = device_of(request, settings, caller.name, now)
    return await begin_factor_attempt(db.redis, caller.user_id, device, now.timestamp())
