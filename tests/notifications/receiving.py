"""A real HTTP receiver and a real mail server on this machine, which keep what arrives and answer as they are set."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from msgspec import Struct, field


class Post(Struct):
    """What was posted."""

    headers: dict[str, str]  # in lower case
    body: bytes


class Receiver(Struct):
    """What has arrived. While it is held, nothing is answered."""

    webhook_url: str = ""
    smtp_url: str = ""
    posts: list[Post] = field(default_factory=list)
    mails: list[Message] = field(default_factory=list)
    answers: list[tuple[int, str]] = field(default_factory=list)  # status and header lines of the next ones; then 204
    mail_answers: list[str] = field(default_factory=list)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def take_post(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
            self.posts.append(Post(headers, await reader.readexactly(int(headers["content-length"]))))
            await self.goes_on.wait()
            status, more = self.answers.pop(0) if self.answers else (204, "")
            writer.write(f"HTTP/1.1 {status} X\r\n{more}Content-Length: 0\r\n\r\n".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender was killed
        finally:
            writer.close()

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        await self.goes_on.wait()
        return self.mail_answers.pop(0) if self.mail_answers else "250 OK"


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Both, until the block ends."""
    receiver = Receiver()
    receiver.goes_on.set()
    web = await asyncio.start_server(receiver.take_post, "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    mail = await loop.create_server(lambda: SMTP(receiver, enable_SMTPUTF8=False, loop=loop), "127.0.0.1", 0)
    receiver.webhook_url = f"http://127.0.0.1:{web.sockets[0].getsockname()[1]}/alerts?token=hidden"
    receiver.smtp_url = f"smtp://127.0.0.1:{mail.sockets[0].getsockname()[1]}"
    try:
        yield receiver
    finally:
        receiver.goes_on.set()
        web.close()
        mail.close()
