"""An authenticator application that is being set up, and the form that takes its codes: signed in or on the way in."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.settings import Settings
from console.users.codes import address_of, qr_code
from console.users.factors_reads import unconfirmed_secret


class CodeForm(Struct):
    """A code of the application or a recovery code, or a passkey's answer; and where to go on."""

    code: str = ""
    passkey: str = ""
    next: str = "/"


async def application(
    reading: AsyncConnection, settings: Settings, user_id: int, name: str, organization: str, now: datetime
) -> dict[str, Any]:
    """What _application.html shows: its key, None if none is being set up, and the QR code of it."""
    secret = await unconfirmed_secret(reading, settings.secret_key, user_id, now)
    return {"key": secret, "qr_code": qr_code(address_of(secret, name, organization)) if secret else None}
