"""A WebSocket that is refused before the upgrade is an answer like any other, with the headers of every answer."""

from collections.abc import Sequence

from litestar.types import Message, Send, WebSocketScope

from console.http.headers import Header

EXTENSION = "websocket.http.response"  # ASGI: an answer in the place of the upgrade
FORBIDDEN = 403


def refusing(scope: WebSocketScope, send: Send, headers: Sequence[Header], request_id: str) -> Send:
    """What sends on, and these headers with a refusal; the server alone would send none."""
    if EXTENSION not in (scope.get("extensions") or {}):
        return send
    upgraded = False

    async def answer(message: Message) -> None:
        nonlocal upgraded
        upgraded = upgraded or message["type"] == "websocket.accept"
        if upgraded or message["type"] != "websocket.close":
            await send(message)
            return
        own = [(b"x-request-id", request_id.encode()), (b"cache-control", b"no-store"), (b"content-length", b"0")]
        start = {"type": f"{EXTENSION}.start", "status": FORBIDDEN, "headers": [*headers, *own]}
        await send(start)  # type: ignore[arg-type]
        await send({"type": f"{EXTENSION}.body", "body": b"", "more_body": False})  # type: ignore[arg-type,misc]

    return answer
