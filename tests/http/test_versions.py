"""The version of the API is 1, by path and by media type; a route that is going to be removed says when."""

from datetime import date
from typing import Any

import pytest
from litestar import Litestar, get

from console.http.authentication import Access
from console.http.client_address import TrustedProxies
from console.http.requests import Requests
from console.http.versions import MEDIA_TYPE, Deprecation
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
OTHER = "application/vnd.sim-console.v2+json"


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        ("*/*", 200, "application/json"),
        ("application/json", 200, "application/json"),
        (MEDIA_TYPE, 200, MEDIA_TYPE),
        (MEDIA_TYPE.upper(), 200, MEDIA_TYPE),
        (f"{OTHER}, {MEDIA_TYPE};q=0.5", 200, MEDIA_TYPE),
        (f"{OTHER}, application/json;q=0.5", 200, "application/json"),
        (f"{OTHER}, */*;q=0.1", 200, "application/json"),
        (OTHER, 406, "application/json"),
        (f"{OTHER};q=0.9", 406, "application/json"),
        ("application/vnd.sim-console.v10+json", 406, "application/json"),
        ("application/vnd.sim-console.next+json", 406, "application/json"),
    ],
)
async def test_a_program_can_ask_for_the_version_by_media_type(
    web: Served, cast: Cast, accept: str, status: int, media_type: str
) -> None:
    async with web.program(cast.acme_key) as program:
        for path in (f"/sims/{ADAS_SIM}", "/sims"):
            answer = await program.get(path, headers={"Accept": accept})
            assert (answer.status_code, answer.headers["content-type"]) == (status, media_type)
            if status == 406:
                error = answer.json()["error"]
                assert (error["code"], error["details"]["versions"]) == ("NOT_ACCEPTABLE", ["1"])
                assert MEDIA_TYPE in error["message"]
            else:
                again = await program.get(path, headers={"Accept": accept, "If-None-Match": answer.headers["etag"]})
                assert again.status_code == 304


async def test_errors_are_of_the_version_that_was_asked_for(web: Served, cast: Cast) -> None:
    async with web.program(cast.acme_key) as program:
        answer = await program.get("/sims/12", headers={"Accept": MEDIA_TYPE})
    assert (answer.status_code, answer.headers["content-type"]) == (422, MEDIA_TYPE)


@get(
    "/old",
    opt={
        "access": Access.PUBLIC,
        "deprecation": Deprecation(since=date(2026, 12, 1), until=date(2027, 6, 1), instead="/api/v1/new"),
    },
)
async def old() -> str:
    return "still here"


@get("/new", opt={"access": Access.PUBLIC})
async def new() -> str:
    return "here to stay"


async def head_of(path: str) -> dict[str, str]:
    """The headers of an answer by these two routes, through all that a request goes through."""
    app = Requests(
        Litestar([old, new], openapi_config=None),
        origins=(),
        secure=False,
        proxies=TrustedProxies(()),
        count=None,  # type: ignore[arg-type]  # no route of the API is asked for
        routes=lambda: [],
    )
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": [], "client": ("127.0.0.1", 1), "scheme": "http", "http_version": "1.1", "root_path": ""}
    await app(scope, receive, send)
    assert sent[0]["status"] == 200
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


async def test_a_route_that_is_going_to_be_removed_says_so_on_each_answer() -> None:
    found = await head_of("/old")
    assert found["deprecation"] == "@1796083200"
    assert found["sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
    assert found["link"] == '</api/v1/new>; rel="successor-version"'
    assert {"deprecation", "sunset", "link"}.isdisjoint(await head_of("/new"))


def test_less_than_six_months_ahead_is_refused() -> None:
    with pytest.raises(ValueError, match="180 days"):
        Deprecation(since=date(2026, 12, 1), until=date(2027, 5, 1), instead="/api/v1/new")


async def test_ids_are_strings_unless_they_are_the_consoles_own_small_numbers(web: Served) -> None:
    """JavaScript rounds numbers beyond 2^53; whoever gave an id that is not ours may go beyond."""
    ours = {
        *((name, "id") for name in ("Action", "Approval", "BulkAction", "ApiKey", "AuditLine", "GroupRole", "JobRun")),
        ("AutoTopUp", "id"),
        *((name, "id") for name in ("Link", "OrganizationSettings", "Session")),
        *((name, "id") for name in ("Alert", "AlertEvent", "AlertRule", "Channel", "Delivery", "HidingState")),
        *(
            (name, "id")
            for name in ("MaintenanceWindow", "ReportedAlert", "SavedView", "Silence", "SimImport", "SmsTemplate")
        ),
        *(
            ("Alert", "rule_id"),
            ("Delivery", "channel_id"),
            ("OnCallPerson", "channel_id"),
            ("TestRequested", "delivery_id"),
        ),
        *((name, "organization_id") for name in ("ApiKey", "LogIn", "Session", "WhoAmI")),
        *((name, "user_id") for name in ("Member", "Session")),
        *((name, "bulk_action_id") for name in ("Action", "Approval")),
        *(("Approval", "action_id"), ("AuditLine", "actor_id"), ("BulkResult", "action_id")),
    }
    found: dict[tuple[str, str], Any] = {}
    async with web.stranger() as stranger:
        for path in ("/api/v1/openapi.json", "/api/v1/asyncapi.json"):
            for name, schema in (await stranger.get(path)).json()["components"]["schemas"].items():
                for field, described in schema.get("properties", {}).items():
                    if field == "id" or field.endswith(("_id", "iccid", "imsi", "imei", "msisdn")):
                        found[name, field] = described
    assert {("NetworkEvent", "id"), ("Sms", "id"), ("SimState", "iccid")} <= found.keys()
    numbers = {key for key, described in found.items() if "integer" in str(described.get("type", described))}
    assert numbers ^ ours == set()
