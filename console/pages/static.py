"""Where the files of static/ are served: an address that changes with them, so that browsers keep them for good."""

import hashlib
from functools import cache
from pathlib import Path

from litestar import Router
from litestar.datastructures import CacheControlHeader
from litestar.static_files import create_static_files_router

from console.http.authentication import Access

STATIC = Path(__file__).parents[2] / "static"
KEPT_SECONDS = 365 * 24 * 3600


@cache
def static_address() -> str:
    """`/static/` and a digest of all files."""
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(STATIC)).encode() + b"\0" + path.read_bytes())
    return f"/static/{digest.hexdigest()}"


def static_files() -> Router:
    """The routes of the files."""
    return create_static_files_router(
        static_address(),
        [STATIC],
        name="static",
        opt={"access": Access.PUBLIC},
        cache_control=CacheControlHeader(max_age=KEPT_SECONDS, public=True, immutable=True),
    )
