"""Which secrets are due to be changed: of 1NCE, of its Data Streamer, of webhooks, and API keys."""

from datetime import UTC, datetime, timedelta

from console.api_keys.reads import keys_of
from console.cli.checks import Finding
from console.notifications.reads import channels_of
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
            settings = await reads.settings_of(connection, one.id)
            dues = {
                "1NCE's client secret": settings.client_secret_due_at,
                "the Data Streamer's password": settings.streamer_password_due_at,
            }
            channels = await channels_of(connection, one.id)
            dues |= {f"the secret of {channel.name!r}": channel.secret_due_at for channel in channels}
            soon = [said(what, due, now) for what, due in dues.items() if due and due < now + SECRET_DUE_SOON]
            for key in await keys_of(connection, one.id):
                ends = key.expires_at
                if key.revoked_at is None and ends is not None and now < ends < now + KEYS_SOON:
                    soon.append(f"the API key {key.prefix} ends {ends:%Y-%m-%d}")
                elif key.revoked_at is None and ends is None:
                    soon.append(f"the API key {key.prefix} has no end")
            if soon:
                found.append(Finding(f"secrets, {one.slug}", True, "; ".join(soon), ADVICE))
    return found or [Finding("secrets", True, f"none is due within {SECRET_DUE_SOON.days} days")]


def said(what: str, due: datetime, now: datetime) -> str:
    """That a secret is due, or since when it is overdue."""
    return f"{what} is {'overdue since' if due < now else 'due on'} {due:%Y-%m-%d}"
