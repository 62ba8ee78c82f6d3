"""Where the files of static/ are served: an address that changes with them, so that browsers keep them for good."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.params import FromPath

from console.errors import NotFound
from console.http.authentication import Access
from console.http.prepared import SKIPS_COMPRESSION, PreparedAnswers
from console.http.route_options import FILES, QUIET

STATIC = Path(__file__).parents[2] / "static"
KEPT_SECONDS = 365 * 24 * 3600


@cache
def static_address() -> str:
    """`/static/` and a digest of all files."""
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(STATIC)).encode() + b"\0" + path.read_bytes())
    return f"/static/{digest.hexdigest()}"


class StaticFiles:
    """The files, each compressed once and as small as it gets."""

    def __init__(self) -> None:
        self._paths = {str(path.relative_to(STATIC)): path for path in STATIC.rglob("*") if path.is_file()}
        self._answers = PreparedAnswers(most=len(self._paths))

    async def answer(self, request: Request[Any, Any, Any], name: str) -> Response[bytes]:
        """The file of this name. Raises NotFound."""
        path = self._paths.get(name)
        if path is None:
            raise NotFound("There is no such file")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        answer = await self._answers.answer(request, name, kind, path.read_bytes)
        answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}, immutable"
        return answer


def static_files() -> Router:
    """The route of the files."""
    files = StaticFiles()

    @get("/{path:path}", name="static", include_in_schema=False)
    async def file(request: Request[Any, Any, Any], path: FromPath[Path]) -> Response[bytes]:
        return await files.answer(request, str(path).lstrip("/"))

    options = {"access": Access.PUBLIC, SKIPS_COMPRESSION: True, FILES: True, QUIET: True}
    return Router(static_address(), route_handlers=[file], opt=options)


@get(
    "/service-worker.js",
    include_in_schema=False,
    opt={"access": Access.PUBLIC},
    media_type="text/javascript",
    cache_control=CacheControlHeader(no_cache=True),
)
async def service_worker() -> bytes:
    """Shows notifications for all pages: browsers let a service worker serve what lies below its own address."""
    return _service_worker()


@cache
def _service_worker() -> bytes:
    return (STATIC / "js" / "service_worker.js").read_bytes()
