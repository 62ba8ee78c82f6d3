"""Signing in: credentials against a token, which is handed out again and again until it has run out."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Callable

import msgspec

from simulator import answers
from simulator.answers import Answer, Refused
from simulator.requests import Request

TOKEN_LENGTH = 3000  # about what the real ones have
OWNER = ("owner", "owner-secret")  # a portal user with the role Owner, who may sign in and do nothing


class Tokens:
    """The one token of the account, good for `life` seconds from its making."""

    def __init__(self, life: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.life = life
        self._clock = clock
        self._token = ""
        self._ends = 0.0

    def current(self) -> tuple[str, int]:
        """The token and the whole seconds it has left; a new one when less than a second is left."""
        left = int(self._ends - self._clock())
        if left < 1:
            self._token = _new_token()
            self._ends = self._clock() + self.life
            left = max(1, int(self.life))
        return self._token, left

    def accepts(self, authorization: str) -> bool:
        """Whether this `Authorization` header opens the calls now."""
        return (
            bool(self._token)
            and self._clock() < self._ends
            and len(authorization) > 7
            and authorization[:7].lower() == "bearer "
            and authorization[7:] == self._token
        )

    def end(self) -> None:
        """The token is good for nothing from now on."""
        self._ends = 0.0


def _refused(code: str, message: str) -> Refused:
    return Refused(answers.json({"statusCode": 400, "errorCode": code, "message": message}, 400))


class SignIn:
    """`POST /oauth/token`. Whatever is wrong is a 400, as at 1NCE.

    `OWNER` gets a token too, but no request accepts it: a portal user with that role has no use of the API.
    """

    def __init__(self, tokens: Tokens, client_id: str, client_secret: str) -> None:
        self._tokens = tokens
        self._client_id = client_id
        self._client_secret = client_secret

    def token(self, request: Request) -> Answer:
        """The token with the seconds it has left."""
        username, password = _basic(request.header(b"authorization"))
        if request.header(b"content-type").split(";")[0].strip().lower() != "application/json":
            raise _refused("UnsupportedContentTypeError", "Content-Type not supported")
        _grant(request.body)
        if (username, password) == OWNER:
            return _granted(_new_token(), int(self._tokens.life), username)
        if username != self._client_id:
            raise _refused("BadCredentials", "User does not exist.")
        if password != self._client_secret:
            raise _refused("BadCredentials", "Incorrect username or password.")
        token, left = self._tokens.current()
        return _granted(token, left, username)


def _granted(token: str, left: int, user: str) -> Answer:
    return answers.json(
        {
            "status_code": 200,
            "access_token": token,
            "token_type": "bearer",
            "expires_in": left,
            "userId": user,
            "scope": "all",
        }
    )


def _new_token() -> str:
    return "eyJ" + secrets.token_urlsafe(TOKEN_LENGTH)[: TOKEN_LENGTH - 3]


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        pair = ""
    username, _, password = pair.partition(":")
    for name, value in (("username", username), ("password", password)):
        if not value:
            raise _refused("AuthValidationError", f"Auth header validation error: Missing attributes '{name}'")
    return username, password


def _grant(body: bytes) -> None:
    try:
        asked = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        asked = None
    if not isinstance(asked, dict) or "grant_type" not in asked:
        raise _refused("BodyValidationError", "Request body validation error: Missing attributes 'grant_type'")
    if asked["grant_type"] != "client_credentials":
        raise _refused("BodyValidationError", "Request body validation error: Unknown value of 'grant_type'")
