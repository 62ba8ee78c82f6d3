"""A mail to one person, through the server of SMTP_URL."""

from email.message import EmailMessage
from email.utils import make_msgid, parseaddr

from console.errors import NotReady
from console.notifications.mail import mail_server
from console.settings import Settings


async def send_mail(settings: Settings, to: str, subject: str, text: str) -> None:
    """Raises NotReady, without the mail's text, if it was not taken."""
    import aiosmtplib

    if settings.smtp_url is None or settings.mail_from is None:
        raise NotReady("SMTP_URL and MAIL_FROM are not set")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, to, subject
    message["Message-ID"] = make_msgid(domain=parseaddr(settings.mail_from)[1].rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    server = mail_server(settings.smtp_url)
    try:
        await server.connect()
        await server.send_message(message)
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        raise NotReady(f"The mail was not taken: {type(error).__name__}") from error
    finally:
        server.close()
