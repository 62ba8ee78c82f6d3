"""Errors of calls to 1NCE.

    OnceError
    |-- Throttled            too many requests: repeat after `retry_after`
    |-- Unavailable          no proper answer: a transport failure, a time-out, a 5xx or an outage at 1NCE
    |   `-- CircuitOpen      not called: the circuit breaker is open
    |-- Refused              refused by 1NCE: the same request gets the same refusal
    |   |-- NotFound         no such SIM, message or order
    |   |-- SignInRefused    the credentials are not accepted
    |   |-- Gone             this part of the API is closed for good
    |   `-- NotOffered       not called: the operation is not offered to this organization
    `-- Unexpected           an answer that cannot be read: its body is kept

`permanent`: repeating does not help. `maybe_done`: the request may have been carried out all the same.
"""

BODY_KEPT_BYTES = 64 * 1024


class OnceError(Exception):
    """A call to 1NCE failed."""

    permanent: bool = False
    maybe_done: bool = False
    retry_now: bool = True  # False: the circuit is open


class Throttled(OnceError):
    """Too many requests: 1NCE answered 429, or no slot of our rate limit was free. `retry_after`: seconds or None.

    Nothing was carried out, unless `maybe_done` says that the 429 is not 1NCE's own.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(OnceError):
    """No proper answer. `maybe_done` is true when the request was sent, so that 1NCE may have carried it out.

    `status` is the HTTP status if there was an answer at all; `retry_after` in seconds where 1NCE named a time.
    """

    def __init__(
        self, message: str, *, maybe_done: bool, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.maybe_done = maybe_done
        self.status = status
        self.retry_after = retry_after


class CircuitOpen(Unavailable):
    """The circuit breaker is open. In `retry_after` seconds a trial call may be made."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message, maybe_done=False, retry_after=retry_after)


class Refused(OnceError):
    """1NCE refused. `code`, `token` and `message` are 1NCE's own, as far as it gave any."""

    permanent = True

    def __init__(self, status: int, message: str, *, code: str | None = None, token: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.token = token


class NotFound(Refused):
    """1NCE does not know the SIM, message or order."""


class SignInRefused(Refused):
    """The client id and secret are not accepted, or only for nothing. The message says what to do about it."""


class Gone(Refused):
    """This part of 1NCE's API has been switched off."""


class NotOffered(Refused):
    """1NCE does not offer the operation to the organization. `message` is for people."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)


class Unexpected(OnceError):
    """1NCE's answer cannot be read as what was asked for: `why` says what is wrong, `body` keeps 64 KiB of it."""

    permanent = True

    def __init__(self, url: str, why: str, body: bytes, *, maybe_done: bool = False) -> None:
        super().__init__(f"{url}: {why}")
        self.url = url
        self.why = why
        self.body = body[:BODY_KEPT_BYTES]
        self.maybe_done = maybe_done
