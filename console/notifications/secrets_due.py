"""When the secrets of an organization are due to be changed: 1NCE's, its Data Streamer's, webhooks', and API keys."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.api_keys.reads import keys_of
from console.notifications.reads import channels_of
from console.organizations.reads import settings_of


class DueSecret(Struct, frozen=True, kw_only=True):
    """A secret that is due at some time: those of SECRET_LASTS then, an API key at its end."""

    subject: str  # "secret:once", "secret:key:iot_key_AbCdEfGh"
    name: str
    due_at: datetime
    ends: bool = False  # by itself, and opens nothing any more then

    def said(self, now: datetime) -> str:
        """That it is due, or since when it is overdue."""
        if self.ends:
            return f"{self.name} ends {self.due_at:%Y-%m-%d}"
        return f"{self.name} is {'overdue since' if self.due_at < now else 'due on'} {self.due_at:%Y-%m-%d}"


async def secrets_due(connection: AsyncConnection, organization_id: int, now: datetime) -> list[DueSecret]:
    """Every secret of the organization that is due at some time; keys that are revoked or over are left out."""
    known = await settings_of(connection, organization_id)
    found = [
        ("secret:once", "1NCE's client secret", known.client_secret_due_at),
        ("secret:streamer", "the Data Streamer's password", known.streamer_password_due_at),
        *(
            (f"secret:channel:{one.id}", f"the secret of {one.name!r}", one.secret_due_at)
            for one in await channels_of(connection, organization_id)
        ),
    ]
    keys = [
        DueSecret(
            subject=f"secret:key:{one.prefix}", name=f"the API key {one.prefix}", due_at=one.expires_at, ends=True
        )
        for one in await keys_of(connection, organization_id)
        if one.revoked_at is None and one.expires_at is not None and one.expires_at > now
    ]
    return [DueSecret(subject=subject, name=name, due_at=due) for subject, name, due in found if due] + keys
