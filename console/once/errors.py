"""What may go wrong when we ask 1NCE for something, and whether asking again can help.

    OnceError
    |-- Throttled            asked too often: wait as told, then ask again
    |-- Unavailable          no proper answer: a broken line, a time-out, a fault or an outage at 1NCE
    |   `-- CircuitOpen      it has failed again and again: nobody asks for a while
    |-- Refused              1NCE understood and said no: the same question gets the same no
    |   |-- NotFound         there is no such SIM, message or order
    |   |-- SignInRefused    the account's credentials do not open the door
    |   |-- Gone             1NCE has shut this part of its API for good
    |   `-- NotOffered       this account has no such thing, so we did not ask
    `-- Unexpected           an answer that we cannot read: its body is kept for whoever looks into it

`permanent` tells a job whether to give up; `maybe_done` tells whether an order may have been carried out all the same.
"""

BODY_KEPT_BYTES = 64 * 1024


class OnceError(Exception):
    """Something went wrong between us and 1NCE."""

    permanent: bool = False
    maybe_done: bool = False
    again: bool = True  # False: 1NCE is left alone from now on, so there is no sense in asking at once


class Throttled(OnceError):
    """Too many questions: by 1NCE's count (429), or by our own pace. `retry_after` is in seconds, None if nobody said.

    Nothing was carried out.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(OnceError):
    """No proper answer came. `maybe_done` is true when the request had left us, so that 1NCE may have acted on it.

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
    """We did not ask: 1NCE has failed again and again. `retry_after` seconds from now somebody may try."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message, maybe_done=False, retry_after=retry_after)


class Refused(OnceError):
    """1NCE said no. `code`, `token` and `message` are 1NCE's own, as far as it gave any."""

    permanent = True

    def __init__(self, status: int, message: str, *, code: str | None = None, token: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.token = token


class NotFound(Refused):
    """1NCE does not know the thing that was asked for."""


class SignInRefused(Refused):
    """The client id and secret are not accepted, or open nothing. The message says what to do about it."""


class Gone(Refused):
    """This part of 1NCE's API has been switched off."""


class NotOffered(Refused):
    """1NCE does not offer this to the account: known from before, or learned just now. `message` is for people."""

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
