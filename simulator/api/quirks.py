"""What 1NCE was seen to do, or may do, otherwise than its documents say: off until a test turns it on."""

from __future__ import annotations

from msgspec import Struct

ZERO_TIME = "0001-01-01T00:00:00Z"


class Quirks(Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /_sim/quirks` changes those that it names."""

    shifting_pages: bool = False  # the order of the inventory moves on by a few SIMs with each request
    orders_by_number: bool = False  # whatever they are to be sorted by
    buffered_shown: bool = False  # a message that was tried in vain is 3 BUFFERED, not 2 PENDING
    zero_times: bool = False  # orders and messages are listed as of the year 1, as programs write that they know none
    unnumbered: bool = False  # orders and messages are listed without their numbers, so that nobody can read them
    retry_after: bool = True  # a 429 says how long to wait
