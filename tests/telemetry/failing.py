"""A process whose web application fails with texts that must not leave the machine, for a test of its error reports."""

import asyncio
import os

import httpx
import structlog
from litestar import Litestar, get

from console import log
from console.http.exceptions import error_response
from console.http.route_options import FOR_PROGRAMS
from console.settings import from_environment
from console.telemetry.error_reports import reporting


@get("/api/fails")
async def fails() -> None:
    imsi = "901405109991234"
    raise RuntimeError(os.environ["TEXT"]) from ValueError(f"while it looked at {imsi}")


async def main() -> None:
    settings = from_environment(os.environ)
    log.set_up("ERROR")
    app = Litestar(
        [fails],
        exception_handlers={Exception: error_response},
        opt={FOR_PROGRAMS: True},
        openapi_config=None,
        logging_config=None,
    )
    app.state.settings = settings
    with reporting(settings, "web"):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        with structlog.contextvars.bound_contextvars(request_id=os.environ["REQUEST_ID"], organization_id=7):
            async with httpx.AsyncClient(transport=transport, base_url="http://console", trust_env=False) as client:
                answer = await client.get("/api/fails?q=901405109991234", headers={"Authorization": "Bearer abc.def"})
        assert answer.status_code == 500
        log.logger("jobs").error("an error without an exception is not sent")


if __name__ == "__main__":
    asyncio.run(main())
