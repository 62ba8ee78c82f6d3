"""The cookies that hold a session's id, and which devices a user has signed in on."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from console.api_keys.rules import wall_cookie_name
from console.sessions.rules import cookie_name
from console.settings import Settings
from console.users.devices import KNOWN_FOR, device_cookie_name, known_device, new_device

WALL_LASTS = timedelta(days=400)  # longer than browsers keep one


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


def oidc_cookie_name(settings: Settings) -> str:
    """Of the cookie that binds a sign-in at the identity provider to the browser that began it."""
    return "__Host-oidc" if settings.secure_cookies else "oidc"


def wall_cookie(settings: Settings, key: str) -> Cookie:
    """For a screen that opens the wall with this key: sent to the wall alone. An empty key removes the cookie."""
    lasts = WALL_LASTS if key else timedelta(0)
    kept = cookie(settings, wall_cookie_name(secure=settings.secure_cookies), key, lasts)
    return replace(kept, path="/wall", samesite="strict")


def device_of(request: Request[Any, Any, Any], settings: Settings, name: str, now: datetime) -> str | None:
    """The id of this device, if the user with this name has signed in on it before."""
    value = request.cookies.get(device_cookie_name(name, secure=settings.secure_cookies))
    return known_device(settings.secret_key, name, value, now)


def device_cookie(settings: Settings, name: str, now: datetime) -> Cookie:
    """For a device that the user with this name signs in on."""
    value = new_device(settings.secret_key, name, now)
    return cookie(settings, device_cookie_name(name, secure=settings.secure_cookies), value, KNOWN_FOR)
