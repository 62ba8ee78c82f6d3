"""The web server: uvicorn around the application."""

import gc
import sys

import uvicorn
from litestar import Litestar

from console.app import create_app
from console.http.protocol import BoundedHttp
from console.live.frame_protocol import protocol
from console.settings import Settings
from console.telemetry.error_reports import reporting

# How soon a thread that computes gives way to the event loop, which waits so long each time that it has been idle, some
# twenty times in a request, and for every such thread in turn; Python's own 5 ms made seconds of that.
GIVE_WAY_SECONDS = 0.000_5
EVERY = (700, 10, 10)  # objects more than have gone, and looks at younger ones: Python's own numbers
PING_SECONDS = 45.0  # each costs as much as ten frames; heartbeats show anyway whether a connection is open


def server_for(app: Litestar, host: str, port: int, *, ws: str | None = None) -> uvicorn.Server:
    """The server of an application, not yet started.

    `ws` names another WebSocket protocol than the one that is quickest here.
    uvicorn's own compression is off: it costs each connection memory and time.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=BoundedHttp,
        ws=ws or protocol(),
        ws_per_message_deflate=False,
        ws_max_size=64 * 1024,
        ws_ping_interval=PING_SECONDS,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # TRUSTED_PROXIES says whose are believed
        timeout_graceful_shutdown=4,
        lifespan="on",
    )
    return uvicorn.Server(config)


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until asked to stop. Sockets are asked to come back (1012), requests get four seconds to end."""
    server = server_for(create_app(settings), host, port)
    sys.setswitchinterval(GIVE_WAY_SECONDS)
    gc.freeze()  # what is imported stays: to look through it took 100 ms, in which the event loop stood
    gc.set_threshold(*EVERY)
    try:
        with reporting(settings, "web"):
            server.run()
    except SystemExit:  # its own code for a port that is in use; the reason is in the log
        sys.exit(1)
    sys.exit(0 if server.started else 1)
