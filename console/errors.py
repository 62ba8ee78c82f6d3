"""Errors, and how they are answered.

ConsoleError                    500  INTERNAL
├── BadRequest                  400  BAD_REQUEST        the question can't be understood
├── NotSignedIn                 401  NOT_SIGNED_IN      nobody knows who asks
├── NotAllowed                  403  NOT_ALLOWED        known, but may not
├── NotFound                    404  NOT_FOUND          no such thing, or not theirs to see
│   └── SimNotFound             404  SIM_NOT_FOUND
├── NotAcceptable               406  NOT_ACCEPTABLE     a version of the API that is not spoken here
├── Conflict                    409  CONFLICT           the thing is in another state by now
├── Changed                     412  CHANGED            the thing was changed since it was read
├── Invalid                     422  INVALID            understood, but a value can't be
├── TooMany                     429  TOO_MANY_REQUESTS  slower, please
├── OnceToBlame                 502  ONCE_FAILED        1NCE failed us
└── NotReady                    503  NOT_READY          the database or Redis is away
"""

from typing import Any, ClassVar


class ConsoleError(Exception):
    """Anything that the console itself says no to. The message is for people; details are for programs."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL"
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, message: str, **details: Any) -> None:
        """Say it in one sentence."""
        self.message = message
        self.details = details
        super().__init__(message)


class BadRequest(ConsoleError):
    """The question can't be understood."""

    status, code = 400, "BAD_REQUEST"


class NotSignedIn(ConsoleError):
    """Nobody knows who asks."""

    status, code = 401, "NOT_SIGNED_IN"


class NotAllowed(ConsoleError):
    """Known, but may not."""

    status, code = 403, "NOT_ALLOWED"


class NotFound(ConsoleError):
    """No such thing, or not theirs to see: the answer is the same."""

    status, code = 404, "NOT_FOUND"


class SimNotFound(NotFound):
    """No SIM with this ICCID in the organization."""

    code = "SIM_NOT_FOUND"

    def __init__(self, iccid: str) -> None:
        """Name the ICCID that was asked for."""
        super().__init__(f"SIM with ICCID {iccid} not found", iccid=iccid)


class NotAcceptable(ConsoleError):
    """A version of the API that is not spoken here."""

    status, code = 406, "NOT_ACCEPTABLE"


class Conflict(ConsoleError):
    """The thing is in another state by now."""

    status, code = 409, "CONFLICT"


class Changed(ConsoleError):
    """The thing was changed since it was read (RFC 9110, 15.5.13)."""

    status, code = 412, "CHANGED"


class Invalid(ConsoleError):
    """Understood, but a value can't be."""

    status, code = 422, "INVALID"


class TooMany(ConsoleError):
    """Slower, please."""

    status, code = 429, "TOO_MANY_REQUESTS"

    def __init__(self, message: str, *, retry_after: int) -> None:
        """Say when to come back, in whole seconds."""
        super().__init__(message, retry_after=retry_after)
        self.retry_after = retry_after


class OnceToBlame(ConsoleError):
    """1NCE failed us."""

    status, code = 502, "ONCE_FAILED"


class NotReady(ConsoleError):
    """The database or Redis is away."""

    status, code = 503, "NOT_READY"


CODES_BY_STATUS: dict[int, str] = {
    400: BadRequest.code,
    401: NotSignedIn.code,
    403: NotAllowed.code,
    404: NotFound.code,
    405: "METHOD_NOT_ALLOWED",
    406: NotAcceptable.code,
    409: Conflict.code,
    412: Changed.code,
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: Invalid.code,
    429: TooMany.code,
    502: OnceToBlame.code,
    503: NotReady.code,
}
