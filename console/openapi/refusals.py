"""How operations may fail: the answers of the errors, and which operation may give which."""

import inspect
from typing import Any

from console.errors import (
    BadRequest,
    Changed,
    Conflict,
    ConsoleError,
    Invalid,
    NotAcceptable,
    NotAllowed,
    NotFound,
    NotReady,
    NotSignedIn,
    OnceFailed,
    SimNotFound,
    TooMany,
)
from console.openapi import texts

Part = dict[str, Any]
ERRORS = {
    one.status: one
    for one in (
        BadRequest,
        NotSignedIn,
        NotAllowed,
        NotFound,
        NotAcceptable,
        Conflict,
        Changed,
        Invalid,
        TooMany,
        ConsoleError,
        OnceFailed,
        NotReady,
    )
}
NAMES = {ConsoleError: "SomethingWentWrong"}
PRECONDITIONED = frozenset({"changeAlertRule", "putOnCallRota"})  # beside all that patch
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def name_of(error: type[ConsoleError]) -> str:
    """What its answer is called among the components."""
    return NAMES.get(error, error.__name__)


def refusal(error: type[ConsoleError]) -> Part:
    """The answer of this error, as a component of the document."""
    message, details = texts.REFUSALS[error.status]
    code = SimNotFound.code if error is NotFound else error.code  # its example is a SIM's
    body = {"code": code, "message": message, "details": details, "request_id": texts.A_REQUEST_ID}
    headers = ["X-Request-ID", *LIMITS]
    headers += {429: ["Retry-After"], 401: ["WWW-Authenticate"]}.get(error.status, [])
    return {
        "description": inspect.cleandoc(error.__doc__ or "").split("\n", 1)[0]
        if error is not ConsoleError
        else "Something went wrong here; the log has it under the request id.",
        "headers": headers_of(headers),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}, "example": {"error": body}}},
    }


def headers_of(names: list[str]) -> Part:
    """The headers of these names, as references to the components."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def refused(path: str, method: str, operation: Part, *, opened: bool) -> list[int]:
    """How this operation may fail."""
    found = [500] if opened else [401, 403, 406, 429, 500, 503]
    if operation.get("parameters") or "requestBody" in operation:
        found += [400, 422]
    if "{" in path:
        found.append(404)
    if method != "get":
        found.append(409)
    if method == "patch" or operation.get("operationId") in PRECONDITIONED:
        found.append(412)
    return found
