"""Debian's nginx with the configuration of deploy/, before two web servers of which one is killed."""

import asyncio
import html
import os
import re
import shutil
import ssl
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct, structs

from console.settings import Settings
from console.store.database import Database
from console.trial.ports import free_port
from tests.cast import PASSWORD, Cast
from tests.processes import until
from tests.serving import close_code, serving

pytestmark = pytest.mark.one_edition
CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "sim-console.conf"
VISITOR = "127.0.0.2"  # an address of this machine that is no proxy's
TRIES = 60  # of each program


def nginx() -> str:
    """The program. Without it the test is skipped, or fails where REQUIRE_NGINX=1 demands it."""
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if program is None:
        assert os.environ.get("REQUIRE_NGINX") != "1", "There is no nginx (Debian's package nginx-light)"
        pytest.skip("There is no nginx (Debian's package nginx-light)")
    return program


class Front(Struct, frozen=True):
    """nginx at `address`, the web servers behind it, and what it has written of each request."""

    address: str
    tls: ssl.SSLContext
    ports: tuple[int, int]
    second: asyncio.subprocess.Process
    log: Path

    def client(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(verify=self.tls, local_address=VISITOR)
        return httpx.AsyncClient(base_url=self.address, headers=headers, transport=transport, timeout=30)

    def stream(self, key: str) -> websockets.connect:
        address = self.address.replace("https", "wss") + "/api/v1/stream"
        return websockets.connect(address, additional_headers={"X-API-Key": key}, ssl=self.tls, proxy=None)


def certificate(folder: Path) -> None:
    """A key and a certificate that it has signed itself, for 127.0.0.1."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "privkey.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))


def configuration(folder: Path, port: int, ports: tuple[int, int]) -> str:
    """What deploy/ has, on ports of this test, in a whole configuration that keeps its files in one folder."""
    text = CONFIGURATION.read_text()
    server = re.search(r"server 127.0.0.1:8000(.*);", text)
    assert server
    both = "".join(f"server 127.0.0.1:{one}{server[1]};" for one in ports)
    for before, after in (
        (server[0], both),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("console.example.com;", "127.0.0.1;"),
        ("/etc/ssl/console.example.com/", f"{folder}/"),
    ):
        assert before in text
        text = text.replace(before, after)
    text = re.sub(r"listen \[::\].*;", "", text)
    kept = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{one}_temp_path {folder}/{one};" for one in kept)
    user = "user root;" if os.geteuid() == 0 else ""
    log = f"log_format own '$status $upstream_addr'; access_log {folder}/access.log own; error_log {folder}/error.log;"
    return (
        f"daemon off; {user} worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;"
        f"events {{}} http {{ {paths} {log} {text} }}"
    )


@pytest_asyncio.fixture
async def front(tmp_path: Path, settings: Settings, db: Database, cast: Cast) -> AsyncIterator[Front]:
    """nginx before a web server in this process and one that can be killed."""
    program, port, killed = nginx(), free_port(), free_port()
    address = f"https://127.0.0.1:{port}"
    settings = structs.replace(settings, public_origin=(address,), trusted_proxies=("127.0.0.1/32",))
    named = {
        **{name: getattr(settings, name.lower()) for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")},
        "PUBLIC_ORIGIN": address,
        "TRUSTED_PROXIES": "127.0.0.1/32",
    }
    command = (sys.executable, "-m", "console", "web", "--port", str(killed))
    second = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **named}, stdout=asyncio.subprocess.DEVNULL
    )
    async with serving(settings) as first:
        ports = (int(first.address.rpartition(":")[2]), killed)
        certificate(tmp_path)
        (tmp_path / "nginx.conf").write_text(configuration(tmp_path, port, ports))
        arguments = (
            program,
            "-p",
            str(tmp_path),
            "-e",
            str(tmp_path / "error.log"),
            "-c",
            str(tmp_path / "nginx.conf"),
        )
        check = await asyncio.create_subprocess_exec(*arguments, "-t", stderr=asyncio.subprocess.PIPE)
        said = (await check.communicate())[1].decode()
        assert check.returncode == 0 and "warn" not in said, said
        running = await asyncio.create_subprocess_exec(*arguments)
        try:
            await until((tmp_path / "pid").exists, 20)
            await answers(killed)
            tls = ssl.create_default_context(cafile=str(tmp_path / "fullchain.pem"))
            yield Front(address, tls, ports, second, tmp_path / "access.log")
        finally:
            for process in (running, second):
                if process.returncode is None:
                    process.terminate()
                    await process.wait()


async def answers(port: int) -> None:
    """Wait until a web server on this port is ready."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as client, asyncio.timeout(60):
        while True:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


async def test_people_and_programs_come_through_nginx_and_lose_nothing_when_a_web_server_is_killed(
    front: Front, db: Database, cast: Cast
) -> None:
    form = {"name": "ada", "password": PASSWORD}
    async with front.client(Origin=front.address) as browser:
        forged = {"X-Forwarded-For": "203.0.113.9"}
        assert (await browser.post("/sign-in", data=form, headers=forged)).status_code == 303
        page = await browser.get("/sims")
        assert (page.status_code, page.headers["Strict-Transport-Security"][:8]) == (200, "max-age=")
        assert (await browser.post("/sign-in", content=b"x" * 65_537)).status_code == 413
        for large in ("/bulk-actions", "/api/v1/sims/bulk", "/sim-imports", "/api/v1/sim-imports"):
            assert (await browser.post(large, content=b"x" * 500_000)).status_code in (303, 400, 401, 422), large
        post = "/streamer/acme"
        assert (await browser.post(post, content=b"x" * 200_000)).status_code == 401
        assert (await browser.post(post, content=bytes(2**24 + 1))).status_code == 413
        query = re.search(r'data-live-url="/live([^"]+)"', page.text)
        assert query
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        live = front.address.replace("https", "wss") + "/live" + html.unescape(query[1])
        async with websockets.connect(
            live,
            additional_headers={"Cookie": cookies},
            origin=websockets.Origin(front.address),
            ssl=front.tls,
            proxy=None,
        ) as socket:
            assert "stream.hello" in str(await socket.recv())
    async with db.reading() as reading:
        seen = (await reading.execute(sa.text("SELECT address FROM sessions"))).scalars().all()
    assert seen == [VISITOR]

    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(front.stream(cast.acme_key)) for _ in range(2)]
        clients = [await stack.enter_async_context(front.client(**{"X-API-Key": cast.acme_key})) for _ in range(3)]
        answered: list[int] = []
        broken_off: list[httpx.AsyncClient] = []

        async def ask(client: httpx.AsyncClient) -> None:
            for _ in range(TRIES):
                try:
                    answered.append((await client.get("/api/v1/whoami")).status_code)
                except httpx.RemoteProtocolError:  # nginx asks no other server once the head has gone to the client
                    broken_off.append(client)
                    answered.append((await client.get("/api/v1/whoami")).status_code)

        load = asyncio.gather(*map(ask, clients))
        await until(lambda: len(answered) > TRIES, 60)
        front.second.kill()
        await load
        assert Counter(answered) == {200: 3 * TRIES}
        assert len(broken_off) == len(set(broken_off)), "at most the one answer that was being sent to each"
        closing = [asyncio.create_task(close_code(one)) for one in sockets]
        (closed,), (open_one,) = await asyncio.wait(closing, return_when=asyncio.FIRST_COMPLETED)
        assert closed.result() == 1006
        open_one.cancel()
        async with front.stream(cast.acme_key) as again:
            assert "stream.hello" in str(await again.recv())
    served = Counter(front.log.read_text().split())
    assert min(served[f"127.0.0.1:{port}"] for port in front.ports) > TRIES // 10
