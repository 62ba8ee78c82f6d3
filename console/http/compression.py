"""How answers are compressed as they are sent."""

from collections.abc import Iterable

from litestar.config.compression import CompressionConfig

from console.http.prepared import SKIPS_COMPRESSION, best_coding

NAMES = b"accept-encoding"
PLAIN = frozenset({b"br", b"gzip", b"identity"})  # that Litestar understands as they are

# Brotli looks back over 64 KiB, which is more than most pages have. To look back further it keeps tables of megabytes,
# taken from the system and cleared for each answer: a page of 50 kB took 7 ms in place of 2, and was no smaller.
COMPRESSION = CompressionConfig(
    "brotli",
    minimum_size=1024,
    brotli_quality=5,
    brotli_lgwin=16,
    gzip_compress_level=5,
    exclude_opt_key=SKIPS_COMPRESSION,
)


def with_one_coding(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a request, with the best coding that the client takes in the place of those that it names.

    Litestar looks for the name of a coding alone, and would send what `br;q=0` refuses.
    """
    found = list(headers)
    accepted = [value for name, value in found if name == NAMES]
    if not accepted or (len(accepted) == 1 and accepted[0] in PLAIN):
        return found
    best = best_coding(b",".join(accepted).decode("latin-1"))
    return [*(header for header in found if header[0] != NAMES), (NAMES, best.encode())]
