"""What 1NCE was seen to do, or may do, otherwise than its documents say: off until a test turns it on."""

from __future__ import annotations

from msgspec import Struct


class Quirks(Struct, forbid_unknown_fields=True, kw_only=True):
    """`POST /_sim/quirks` changes those that it names."""

    shifting_pages: bool = False  # the order of the inventory moves on by a few SIMs with each request
    buffered_shown: bool = False  # a message that was tried in vain is 3 BUFFERED, not 2 PENDING
    retry_after: bool = True  # a 429 says how long to wait
