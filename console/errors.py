"""The tree of errors, and how each is answered: HTTP status and code.

ConsoleError                500  INTERNAL                The console can't do what was asked.
├── BadRequest              400  BAD_REQUEST             The request can't be understood.
├── NotSignedIn             401  NOT_SIGNED_IN           The caller is not known.
│   └── SecondFactorRequired401  SECOND_FACTOR_REQUIRED  The password is right, and a second factor is needed.
├── NotAllowed              403  NOT_ALLOWED             The caller is known, and has no permission.
│   └── ProofNeeded         403  PROOF_NEEDED            The user must first prove again that it is they.
├── NotFound                404  NOT_FOUND               No such thing, or another organization's: answered alike.
│   └── SimNotFound         404  SIM_NOT_FOUND           The organization has no SIM with this ICCID.
├── NotAcceptable           406  NOT_ACCEPTABLE          The API does not have the version that was asked for.
├── Conflict                409  CONFLICT                The thing's state does not allow it.
├── Changed                 412  CHANGED                 The thing was changed since it was read.
├── TooLarge                413  TOO_LARGE               The body is larger than this address takes.
├── Invalid                 422  INVALID                 The request is understood, and a value in it is not valid.
├── TooMany                 429  TOO_MANY_REQUESTS       Too many requests: try again after `retry_after` seconds.
├── OnceFailed              502  ONCE_FAILED             1NCE does not answer, or answers with an error.
├── ProviderFailed          502  PROVIDER_FAILED         The identity provider gives no answer that can be accepted.
├── NotReady                503  NOT_READY               The database or Redis does not answer.
└── SealBroken              500  INTERNAL                A stored secret was sealed with another SECRET_KEY.
"""

from typing import Any, ClassVar


class ConsoleError(Exception):
    """Any error that the console answers by itself. The message is for people; details are for programs."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL"
    headers: ClassVar[dict[str, str]] = {}
    noted: bool = False  # whether a line of the audit trail says it

    def __init__(self, message: str, **details: Any) -> None:
        self.message = message
        self.details = details
        super().__init__(message)


class BadRequest(ConsoleError):
    """The request can't be understood."""

    status, code = 400, "BAD_REQUEST"


class NotSignedIn(ConsoleError):
    """The caller is not known."""

    status, code = 401, "NOT_SIGNED_IN"


class SecondFactorRequired(NotSignedIn):
    """The password is right, and a second factor is needed."""

    code = "SECOND_FACTOR_REQUIRED"


class NotAllowed(ConsoleError):
    """The caller is known, and has no permission."""

    status, code = 403, "NOT_ALLOWED"


class ProofNeeded(NotAllowed):
    """The user must first prove again that it is they."""

    code = "PROOF_NEEDED"


class NotFound(ConsoleError):
    """No such thing, or another organization's: answered alike."""

    status, code = 404, "NOT_FOUND"


class SimNotFound(NotFound):
    """The organization has no SIM with this ICCID."""

    code = "SIM_NOT_FOUND"

    def __init__(self, iccid: str) -> None:
        super().__init__(f"SIM with ICCID {iccid} not found", iccid=iccid)


class NotAcceptable(ConsoleError):
    """The API does not have the version that was asked for."""

    status, code = 406, "NOT_ACCEPTABLE"


class Conflict(ConsoleError):
    """The thing's state does not allow it."""

    status, code = 409, "CONFLICT"


class Changed(ConsoleError):
    """The thing was changed since it was read (RFC 9110, 15.5.13)."""

    status, code = 412, "CHANGED"


class TooLarge(ConsoleError):
    """The body is larger than this address takes."""

    status, code = 413, "TOO_LARGE"


class Invalid(ConsoleError):
    """The request is understood, and a value in it is not valid."""

    status, code = 422, "INVALID"


class TooMany(ConsoleError):
    """Too many requests: try again after `retry_after` seconds."""

    status, code = 429, "TOO_MANY_REQUESTS"

    def __init__(self, message: str, *, retry_after: int) -> None:
        """`retry_after` in whole seconds."""
        super().__init__(message, retry_after=retry_after)
        self.retry_after = retry_after


class OnceFailed(ConsoleError):
    """1NCE does not answer, or answers with an error."""

    status, code = 502, "ONCE_FAILED"


class ProviderFailed(ConsoleError):
    """The identity provider gives no answer that can be accepted."""

    status, code = 502, "PROVIDER_FAILED"


class NotReady(ConsoleError):
    """The database or Redis does not answer."""

    status, code = 503, "NOT_READY"


class SealBroken(ConsoleError):
    """A stored secret was sealed with another SECRET_KEY."""


CODES_BY_STATUS: dict[int, str] = {
    400: BadRequest.code,
    401: NotSignedIn.code,
    403: NotAllowed.code,
    404: NotFound.code,
    405: "METHOD_NOT_ALLOWED",
    406: NotAcceptable.code,
    409: Conflict.code,
    412: Changed.code,
    413: TooLarge.code,
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: Invalid.code,
    429: TooMany.code,
    502: OnceFailed.code,
    503: NotReady.code,
}
