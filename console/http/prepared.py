"""Answers that are the same for everybody: made once, compressed once, then sent as the bytes that they are."""

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import brotli  # type: ignore[import-untyped]
from litestar import Request, Response
from msgspec import Struct

SKIPS_COMPRESSION = "prepared"  # the route option of routes that answer so: Litestar does not compress again
MOST_KEPT = 16  # of them may depend on the address that the client names, which is not ours to bound


class Prepared(Struct, frozen=True):
    """A body by content coding, and its ETag."""

    bodies: dict[str, bytes]
    etag: str


class PreparedAnswers:
    """Keeps the answers that were asked for last."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        """`most`: how many it keeps."""
        self._most = most
        self._kept: OrderedDict[Hashable, Prepared] = OrderedDict()
        self._making = asyncio.Lock()

    async def answer(
        self, request: Request[Any, Any, Any], key: Hashable, media_type: str, make: Callable[[], bytes]
    ) -> Response[bytes]:
        """The answer with this key in the best coding that the client takes; `make` is called, in a thread of its own,
        if it is not kept.
        """
        if key not in self._kept:
            async with self._making:
                if key not in self._kept:
                    self._kept[key] = await asyncio.to_thread(lambda: prepared(make()))
                while len(self._kept) > self._most:
                    self._kept.popitem(last=False)
        found = self._kept[key]
        self._kept.move_to_end(key)
        coding = best_coding(request.headers.get("accept-encoding", ""))
        headers = {"ETag": found.etag, "Vary": "Accept-Encoding"}
        if coding != "identity":
            headers["Content-Encoding"] = coding
        return Response(found.bodies[coding], media_type=media_type, headers=headers)


def prepared(body: bytes) -> Prepared:
    """The body in each coding. Slow on purpose: it is compressed once, as small as it gets."""
    etag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    return Prepared({"br": brotli.compress(body, quality=11), "gzip": gzip.compress(body, 9), "identity": body}, etag)


def best_coding(accepted: str) -> str:
    """`br`, `gzip` or `identity`, from an Accept-Encoding header (RFC 9110, 12.5.3); a weight of 0 refuses."""
    taken = set()
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        weight = parameters.replace(" ", "").removeprefix("q=").strip("0.")
        if not parameters or weight:
            taken.add(name.strip())
    return "br" if "br" in taken else "gzip" if taken & {"gzip", "x-gzip", "*"} else "identity"
