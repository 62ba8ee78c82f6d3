"""Which secrets are due to be changed: of 1NCE, of its Data Streamer, of webhooks, and API keys."""

from datetime import UTC, datetime, timedelta

from console.api_keys.reads import keys_of
from console.cli.checks import Finding
from console.notifications.secrets_due import secrets_due
from console.organizations import reads
from console.organizations.rules import SECRET_DUE_SOON
from console.store.database import Database

KEYS_SOON = timedelta(days=7)
ADVICE = "Change what is due on the pages Organization, Notifications and API keys, or by `console org set`."


async def secret_ages(db: Database) -> list[Finding]:
    """Of each organization what is due within SECRET_DUE_SOON, or is overdue. Nothing of it is a fault yet."""
    now, found = datetime.now(UTC), []
    async with db.reading() as connection:
        for one in await reads.every(connection):
            due = await secrets_due(connection, one.id, now)
            soon = [each.said(now) for each in due if each.due_at < now + (KEYS_SOON if each.ends else SECRET_DUE_SOON)]
            soon += [
                f"the API key {key.prefix} has no end"
                for key in await keys_of(connection, one.id)
                if key.revoked_at is None and key.expires_at is None
            ]
            if soon:
                found.append(Finding(f"secrets, {one.slug}", True, "; ".join(soon), ADVICE))
    return found or [Finding("secrets", True, f"none is due within {SECRET_DUE_SOON.days} days")]
