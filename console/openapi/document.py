"""Where the description of the API is served: openapi.json and asyncapi.json for programs, docs for people."""

from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Server, Tag
from litestar.serialization import encode_json
from litestar.types import Method

from console.http.authentication import Access
from console.http.prepared import SKIPS_COMPRESSION, PreparedAnswers
from console.openapi import page, stream_page
from console.openapi.completion import completed
from console.openapi.stream import described_for
from console.openapi.texts import DESCRIPTION, TAGS

AnyRequest = Request[Any, Any, Any]


class NoRoutes(Router):
    """Takes no routes: Litestar would answer every unknown address beside the document's, in HTML."""

    def register(self, value: Any) -> Any:
        """Leave it out."""
        return []


@get("/openapi.json")
async def openapi_json(request: AnyRequest, prepared: NamedDependency[PreparedAnswers]) -> Response[bytes]:
    """The OpenAPI document."""
    return await prepared.answer(request, "openapi", "application/json", lambda: encode_json(_document(request)))


@get("/asyncapi.json")
async def asyncapi_json(request: AnyRequest, prepared: NamedDependency[PreparedAnswers]) -> Response[bytes]:
    """The AsyncAPI document of the stream."""
    key = ("asyncapi", page.origin(request))
    return await prepared.answer(request, key, "application/json", lambda: encode_json(described_for(request)))


@get("/docs")
async def docs(request: AnyRequest, prepared: NamedDependency[PreparedAnswers]) -> Response[bytes]:
    """The documentation page. Needs no sign-in: it says nothing of any fleet."""

    def drawn() -> bytes:
        engine: Any = request.app.template_engine
        context = page.context(_document(request), page.origin(request))
        context["stream"] = stream_page.context(described_for(request))
        text: str = engine.get_template("api/docs.html").render(**context)
        return text.encode()

    return await prepared.answer(request, ("docs", page.origin(request)), "text/html", drawn)


def _document(request: AnyRequest) -> dict[str, Any]:
    return completed(request.app.openapi_schema.to_schema())


documents = Router(
    "/",
    route_handlers=[openapi_json, asyncapi_json, docs],
    include_in_schema=False,
    opt={"access": Access.PUBLIC, "counted": True, SKIPS_COMPRESSION: True},
)


def _operation_id(_: HTTPRouteHandler, method: Method, path: list[Any]) -> str:
    """For operations that name none themselves: GET /api/v1/health/ready is `getHealthReady`."""
    words = [part for part in path if isinstance(part, str) and part not in ("api", "v1", "/")]
    return method.lower() + "".join(word.replace("-", " ").title().replace(" ", "") for word in words)


def openapi() -> OpenAPIConfig:
    """For the application. What Litestar can't derive from the code is added when the document is first asked for."""
    return OpenAPIConfig(
        title="SIM console",
        version="1",
        description=DESCRIPTION,
        openapi_router=NoRoutes("/api/v1", route_handlers=[], include_in_schema=False, opt={"access": Access.PUBLIC}),
        use_handler_docstrings=True,
        operation_id_creator=_operation_id,
        servers=[Server(url="/", description="The console that serves this document")],
        tags=[Tag(name=name, description=text) for name, text in TAGS.items()],
        security=[{"apiKey": []}, {"bearer": []}],
        components=Components(
            security_schemes={
                "apiKey": SecurityScheme(
                    type="apiKey", name="X-API-Key", security_scheme_in="header", description="An API key: iot_key_…"
                ),
                "bearer": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="The same API key, or a user's access token from /auth/login.",
                ),
            }
        ),
    )
