"""A small identity provider over real HTTP, for tests and for trying by hand: it does right, or wrong as it is asked.

`python -m tests.sessions.identity_provider --port 9100` serves one whose sign-in page lets choose who somebody is.
"""

import argparse
import asyncio
import base64
import hashlib
import html
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT_ID, CLIENT_SECRET = "console", "a-secret-of/the client"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
PEOPLE: dict[str, dict[str, Any]] = {
    "ines": {"sub": "248289761001", "preferred_username": "ines", "groups": ["fleet-admins"], "sid": "s-ines"},
    "omar": {"sub": "248289761002", "email": "omar@example.com", "groups": ["fleet-operators"], "sid": "s-omar"},
    "zoe": {"sub": "248289761003", "preferred_username": "zoe", "groups": ["canteen"], "sid": "s-zoe"},
}

Answer = tuple[int, str, bytes, dict[str, str]]


class Provider:
    """What it knows, and what it is to do wrong."""

    def __init__(self, issuer: str, *, asks: bool = False) -> None:
        """`asks`: its sign-in page asks who somebody is, instead of taking `person`."""
        self.issuer = issuer
        self.asks = asks
        self.key = ECKey.generate_key("P-256", {"kid": "first", "use": "sig", "alg": "ES256"})
        self.published = [self.key]
        self.person = dict(PEOPLE["omar"])
        self.codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self.asked: list[str] = []  # the paths of the requests
        self.instead: dict[str, Answer] = {}  # by path
        self.slow_seconds: dict[str, float] = {}
        self.claims: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.signed: Callable[[dict[str, Any]], str] = self.sign

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A token that is what it says it is."""
        return jwt.encode({"alg": "ES256", "kid": self.key.kid, **header}, claims, self.key)

    def rotate(self) -> None:
        """From now on another key signs, and it alone is published."""
        kid = f"key-{secrets.token_hex(4)}"
        self.key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})
        self.published = [self.key]

    def logout_token(self, **changed: Any) -> str:
        """A logout token for the person's session."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
            "events": {LOGOUT_EVENT: {}},
            "sub": self.person["sub"],
            "sid": self.person["sid"],
        }
        return self.sign({name: value for name, value in {**claims, **changed}.items() if value is not None})

    def document(self) -> dict[str, Any]:
        """What it publishes about itself."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def answer(self, path: str, query: dict[str, str], form: dict[str, str], authorization: str) -> Answer:
        """The answer to a request."""
        self.asked.append(path)
        if path in self.instead:
            return self.instead[path]
        if path == "/.well-known/openid-configuration":
            return as_json(self.document())
        if path == "/keys":
            return as_json({"keys": [key.as_dict(private=False) for key in self.published]})
        if path == "/authorize":
            return self._authorize(query)
        return self._token(form, authorization) if path == "/token" else as_json({}, 404)

    def _authorize(self, query: dict[str, str]) -> Answer:
        assert query["client_id"] == CLIENT_ID
        assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
        if self.asks and "person" not in query:
            links = "".join(
                f'<li><a href="?{html.escape(urlencode({**query, "person": one}))}">{one}' for one in PEOPLE
            )
            return 200, "text/html", f"<title>Provider</title><h1>Who are you?</h1><ul>{links}".encode(), {}
        person = dict(PEOPLE[query["person"]]) if "person" in query else dict(self.person)
        code = secrets.token_urlsafe(16)
        self.codes[code] = (query, person)
        back = f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': self.issuer})}"
        return 303, "text/plain", b"", {"Location": back}

    def _token(self, form: dict[str, str], authorization: str) -> Answer:
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        query, person = self.codes.pop(form["code"], ({}, {}))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        right = given == f"{CLIENT_ID}:a-secret-of%2Fthe%20client" and query.get("redirect_uri") == form["redirect_uri"]
        if not right or query["code_challenge"] != challenge.decode():
            return as_json({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": query["nonce"], **person}
        if query.get("max_age") == "0" and query.get("prompt") == "login":
            claims.setdefault("auth_time", now)
        token = self.signed(self.claims(claims))
        return as_json({"access_token": "opaque", "token_type": "Bearer", "id_token": token})


def as_json(body: Any, status: int = 200) -> Answer:
    """An answer of JSON."""
    return status, "application/json", json.dumps(body).encode(), {}


@asynccontextmanager
async def providing(port: int = 0, *, asks: bool = False) -> AsyncIterator[Provider]:
    """Serve one on this machine until the block ends."""
    made: list[Provider] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            address = urlsplit(head[0].split(" ")[1])
            provider = made[0]
            query, form = ({k: v[0] for k, v in parse_qs(text).items()} for text in (address.query, body.decode()))
            found = provider.answer(address.path, query, form, headers.get("authorization", ""))
            status, kind, content, more = found
            lines = [f"HTTP/1.1 {status} Said", f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
            lines += ["Connection: close", *(f"{name}: {value}" for name, value in more.items())]
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            await asyncio.sleep(provider.slow_seconds.get(address.path, 0))
            writer.write(content)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has gone, or the test has ended
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    made.append(Provider(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asks=asks))
    try:
        yield made[0]
    finally:
        server.close()


async def main(port: int) -> None:
    """Serve until interrupted."""
    async with providing(port, asks=True) as provider:
        sys.stdout.write(
            f"OIDC_ISSUER={provider.issuer} OIDC_CLIENT_ID={CLIENT_ID} OIDC_CLIENT_SECRET={CLIENT_SECRET!r}"
        )
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=9100)
    asyncio.run(main(parser.parse_args().port))
