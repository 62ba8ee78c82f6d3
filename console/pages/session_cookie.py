"""The cookie that holds a session's id."""

from datetime import timedelta

from litestar.datastructures import Cookie

from console.sessions.rules import cookie_name
from console.settings import Settings


def session_cookie(settings: Settings, session_id: str) -> Cookie:
    """For a session that has begun, or been given another id; an empty id removes the cookie."""
    return cookie(
        settings, cookie_name(secure=settings.secure_cookies), session_id, None if session_id else timedelta(0)
    )


def cookie(settings: Settings, name: str, value: str, lasts: timedelta | None = None) -> Cookie:
    """A cookie that no script reads and no other site's form sends; without `lasts` until the browser is closed."""
    return Cookie(
        key=name,
        value=value,
        path="/",
        httponly=True,
        secure=settings.secure_cookies,
        samesite="lax",
        max_age=int(lasts.total_seconds()) if lasts is not None else None,
    )
