"""The first organization of an installation."""

from datetime import datetime

import sqlalchemy as sa

from console.organizations.tables import organizations
from console.organizations.writes import put
from console.settings import Settings
from console.store.database import Transaction


async def settle_first(transaction: Transaction, settings: Settings, now: datetime) -> int | None:
    """Make the first organization from the settings' 1NCE account, if there is none yet and the settings name one."""
    if settings.once_client_id is None:
        return None
    if (await transaction.connection.execute(sa.select(organizations.c.id).limit(1))).first() is not None:
        return None
    return await put(
        transaction,
        settings,
        "main",
        "Main",
        now,
        client_id=settings.once_client_id,
        client_secret=settings.once_client_secret,
        streamer_username=settings.streamer_username,
        streamer_password=settings.streamer_password,
    )
