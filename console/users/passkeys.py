"""Passkeys (Web Authentication, Level 3): what a browser is asked, and whether an authenticator's answer is right.

The library is loaded when first used, which takes half a second: run all but `site_of` in a thread.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from msgspec import DecodeError, Struct, ValidationError, convert, json

from console.errors import Invalid

NAME = "SIM console"
CHALLENGE_BYTES = 32
HANDLE_BYTES = 32
LASTS_SECONDS = 300  # from the question to the answer
MOST_PASSKEYS = 20  # of a user
LONGEST_ANSWER = 12_000  # characters
LONGEST_NAME = 60
# What the library raises beside its own errors for answers that are of no kind it knows.
HOSTILE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Site(Struct, frozen=True):
    """Where a passkey works: a host name, and the origin of its pages."""

    host: str
    origin: str


class Made(Struct, frozen=True):
    """A passkey that an authenticator has just made."""

    credential_id: bytes
    public_key: bytes
    uses: int


class _Response(Struct):
    userHandle: str | None = None


class _Answer(Struct):
    rawId: str
    response: _Response


def site_of(origin: str) -> Site | None:
    """None for an address of numbers, or without https but for localhost: browsers have no passkeys there."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        safe = parts.scheme == "https" or host == "localhost" or host.endswith(".localhost")
        return Site(host, origin) if host and safe else None
    return None


def questions_to_make(site: Site, challenge: bytes, user: str, handle: bytes, known: Sequence[bytes]) -> bytes:
    """What `navigator.credentials.create` is asked, as JSON; `known`: passkeys of the user, made by no device twice."""
    import webauthn
    from webauthn.helpers import structs as s

    required = s.AuthenticatorSelectionCriteria(
        resident_key=s.ResidentKeyRequirement.REQUIRED, user_verification=s.UserVerificationRequirement.REQUIRED
    )
    asked = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=NAME,
        user_id=handle,
        user_name=user,
        challenge=challenge,
        timeout=LASTS_SECONDS * 1000,
        authenticator_selection=required,
        exclude_credentials=[s.PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return webauthn.options_to_json(asked).encode()


def questions_to_use(site: Site, challenge: bytes) -> bytes:
    """What `navigator.credentials.get` is asked, as JSON: any passkey of this site, whose user it verifies."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    required, milliseconds = UserVerificationRequirement.REQUIRED, LASTS_SECONDS * 1000
    asked = webauthn.generate_authentication_options(
        rp_id=site.host, challenge=challenge, timeout=milliseconds, user_verification=required
    )
    return webauthn.options_to_json(asked).encode()


def made(answer: str, site: Site, challenge: bytes) -> Made:
    """The passkey of this answer (section 7.1). Raises Invalid."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, *HOSTILE) as error:
        raise _refusal() from error
    return Made(found.credential_id, found.credential_public_key, found.sign_count)


def credential_in(answer: str) -> tuple[bytes, bytes | None]:
    """The id of the passkey that has answered, and the handle of its user if it says so. Raises Invalid."""
    from webauthn.helpers import base64url_to_bytes

    try:
        found = convert(_read(answer), _Answer)
        handle = found.response.userHandle
        return base64url_to_bytes(found.rawId), base64url_to_bytes(handle) if handle else None
    except (ValidationError, *HOSTILE) as error:
        raise _refusal() from error


def uses_in(answer: str, site: Site, challenge: bytes, *, public_key: bytes, uses: int) -> int:
    """How often the passkey says now that it was used (section 7.2). Raises Invalid for an answer that is not right.

    One that was used more often before is a copy.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_authentication_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=uses,
            require_user_verification=True,
        )
    except (WebAuthnException, *HOSTILE) as error:
        raise _refusal() from error
    return found.new_sign_count


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > LONGEST_ANSWER:
        raise _refusal()
    try:
        found = json.decode(answer)
    except (DecodeError, ValueError) as error:
        raise _refusal() from error
    if not isinstance(found, dict):
        raise _refusal()
    return found


def _refusal() -> Invalid:
    return Invalid("This passkey is not accepted: try again")
