"""An authenticator in software (Web Authentication, Level 3): makes passkeys and answers by them, rightly or not."""

import base64
import hashlib
import json
import secrets
from typing import Any

import cbor2
import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Authenticator:
    """One passkey. What is changed before an answer makes it wrong."""

    def __init__(self, origin: str) -> None:
        self.origin, self.host = origin, origin.split("://")[1].split(":", maxsplit=1)[0]
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.handle = b""
        self.uses = 0
        self.flags = PRESENT | VERIFIED

    @property
    def secret(self) -> bytes:
        """The private key."""
        return self.key.private_numbers().private_value.to_bytes(32, "big")

    def make(self, asked: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.create`."""
        self.handle = base64.urlsafe_b64decode(asked["user"]["id"] + "==")
        numbers = self.key.public_key().public_numbers()
        x, y = (one.to_bytes(32, "big") for one in (numbers.x, numbers.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        data = self._data(self.flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": encoded(client), "attestationObject": encoded(attestation)})

    def use(self, asked: dict[str, Any]) -> str:
        """The answer to `navigator.credentials.get`."""
        self.uses += 1
        data, client = self._data(self.flags), self._client("webauthn.get", asked["challenge"])
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {"clientDataJSON": encoded(client), "authenticatorData": encoded(data)}
        return self._answer({**response, "signature": encoded(signature), "userHandle": encoded(self.handle)})

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        number = encoded(self.credential_id)
        return json.dumps({"id": number, "rawId": number, "type": "public-key", "response": response})


async def question(client: httpx.AsyncClient, path: str = "/sign-in/passkey/question") -> dict[str, Any]:
    answer = await client.post(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def add(client: httpx.AsyncClient, authenticator: Authenticator, name: str = "Laptop") -> httpx.Response:
    """A passkey more, on the user's own page."""
    answer = authenticator.make(await question(client, "/settings/passkeys/question"))
    return await client.post("/settings/passkeys", data={"name": name, "passkey": answer})


def by_name(address: str) -> str:
    """The address with a host name in the place of the number: passkeys need one."""
    return address.replace("127.0.0.1", "localhost")
