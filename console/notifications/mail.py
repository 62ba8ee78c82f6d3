"""Sends a notification by mail, through the server of SMTP_URL."""

from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from console.notifications.deliveries_rules import AttemptOutcome, Ended
from console.notifications.deliveries_writes import Claimed
from console.notifications.webhook import MAY_REPEAT
from console.settings import Settings
from console.settings.values import is_loopback

if TYPE_CHECKING:
    import aiosmtplib

SECONDS = 20.0
PERMANENT = range(500, 600)  # of SMTP (RFC 5321, 4.2.1)


async def send(settings: Settings, recipients: str, claimed: Claimed) -> Ended:
    """Make one attempt, to all recipients of the channel. What a server refuses for good is not tried again."""
    import aiosmtplib

    if settings.smtp_url is None or settings.mail_from is None:
        return Ended(outcome=AttemptOutcome.FAILED, answer="SMTP_URL and MAIL_FROM are not set")
    server = mail_server(settings.smtp_url)
    try:
        await server.connect()
    except aiosmtplib.SMTPResponseException as error:  # of the sign-in too: whoever runs the console can mend it
        return Ended(outcome=AttemptOutcome.FAILED, status=error.code, answer=error.message)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        return Ended(outcome=AttemptOutcome.FAILED, answer=f"No connection: {error or type(error).__name__}")
    try:
        refused, answer = await server.send_message(_message(settings, recipients, claimed))
    except aiosmtplib.SMTPRecipientsRefused as error:
        codes = [one.code for one in error.recipients]
        return _refused(max(codes, default=550), "; ".join(one.message for one in error.recipients))
    except aiosmtplib.SMTPResponseException as error:
        return _refused(error.code, error.message)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        return Ended(outcome=AttemptOutcome.IN_DOUBT, answer=f"The connection ended: {error or type(error).__name__}")
    finally:
        server.close()
    said = "".join(f"; refused for {who}: {why.code}" for who, why in refused.items())
    return Ended(outcome=AttemptOutcome.DELIVERED, status=250, answer=answer + said)


def _refused(code: int, said: str) -> Ended:
    return Ended(outcome=AttemptOutcome.FAILED, status=code, answer=said, permanent=code in PERMANENT)


def mail_server(url: str) -> "aiosmtplib.SMTP":
    """`smtps://` is TLS from the first byte, `smtp://` STARTTLS: required, but on this machine."""
    import aiosmtplib

    parts = urlsplit(url)
    host, direct = parts.hostname or "localhost", parts.scheme == "smtps"
    signed_in: dict[str, Any] = {}
    if parts.username:
        signed_in = {"username": unquote(parts.username), "password": unquote(parts.password or "")}
    return aiosmtplib.SMTP(
        hostname=host,
        port=parts.port or (465 if direct else 587),
        use_tls=direct,
        start_tls=False if direct else (None if is_loopback(host) else True),
        timeout=SECONDS,
        **signed_in,
    )


def _message(settings: Settings, recipients: str, claimed: Claimed) -> EmailMessage:
    """The same `Message-ID` and date at each attempt. Texts are one line: EmailMessage refuses others in a header."""
    what, sender = claimed.notification, settings.mail_from or ""
    message = EmailMessage()
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message["From"] = sender
    message["To"] = recipients
    title = what.title if what.html else f"[{what.severity}] {what.title}"
    message["Subject"] = " ".join(title.split())[:200]
    message["Date"] = format_datetime(claimed.requested_at)
    message["Message-ID"] = f"<{claimed.message_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if claimed.may_repeat:
        message[MAY_REPEAT] = "yes"
    origin = settings.public_origin[0] if settings.public_origin else ""
    lines = [
        what.title,
        "",
        what.text,
        f"{origin}{what.path}" if what.path else "",
        f"{what.time:%Y-%m-%d %H:%M:%S} UTC",
    ]
    message.set_content("\n".join(line for at, line in enumerate(lines) if line or at == 1) + "\n")
    if what.html:
        message.add_alternative(what.html, subtype="html")
    return message
