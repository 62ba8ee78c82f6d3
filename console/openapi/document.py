"""Where the description of the API is served: /api/v1/openapi.json for programs, /api/v1/docs for people."""

from typing import Any

from litestar import Request, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Server, Tag
from litestar.serialization import encode_json
from litestar.types import Method

from console.http.authentication import Access
from console.openapi import page, stream_page
from console.openapi.completion import completed
from console.openapi.stream import described_for
from console.openapi.texts import DESCRIPTION, TAGS

Described = dict[str, Any]


class Documents(Router):
    """Serves the two, and nothing else: Litestar would also answer every unknown address beside them, in HTML."""

    def register(self, value: Any) -> Any:
        """Leave out what takes any address."""
        return [] if "/{path:str}" in getattr(value, "paths", ()) else super().register(value)


class _Completing(OpenAPIRenderPlugin):
    """What both have in common: Litestar's document is completed once."""

    _raw: Described | None = None
    _completed: Described

    def described(self, raw: Described) -> Described:
        if self._raw is not raw:
            self._raw, self._completed = raw, completed(raw)
        return self._completed


class ForPrograms(_Completing, JsonRenderPlugin):
    """The OpenAPI document."""

    def __init__(self) -> None:
        """Its address ends in openapi.json."""
        super().__init__(path="/openapi.json", media_type="application/json")  # type: ignore[arg-type]

    def render(self, request: Request[Any, Any, Any], openapi_schema: Described) -> bytes:
        """As JSON."""
        return encode_json(self.described(openapi_schema))


class ForPeople(_Completing):
    """The documentation page. Needs no sign-in: it says nothing of any fleet."""

    def __init__(self) -> None:
        """Its address ends in docs."""
        super().__init__(path="/docs")

    def render(self, request: Request[Any, Any, Any], openapi_schema: Described) -> bytes:
        """As HTML."""
        engine: Any = request.app.template_engine
        context = page.context(self.described(openapi_schema), page.origin(request))
        context["stream"] = stream_page.context(described_for(request))
        text: str = engine.get_template("api/docs.html").render(**context)
        return text.encode()


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
        openapi_router=Documents("/api/v1", route_handlers=[], include_in_schema=False, opt={"access": Access.PUBLIC}),
        render_plugins=[ForPeople(), ForPrograms()],
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
                "bearer": SecurityScheme(type="http", scheme="bearer", description="The same API key."),
            }
        ),
    )
