"""The description of the JSON API for programs and for people, served from this very origin."""

from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

DESCRIPTION = """
Times are RFC 3339 in UTC, volumes are bytes (1 MB = 1,048,576), `null` is "1NCE has not said" and never zero.
Errors are `{"error": {"code", "message", "details", "request_id"}}`.
"""


def openapi() -> OpenAPIConfig:
    """The document at /api/v1/openapi.json."""
    return OpenAPIConfig(
        title="SIM console",
        version="1",
        description=DESCRIPTION.strip(),
        path="/api/v1",
        root_schema_site="json",  # type: ignore[arg-type]
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        security=[{"apiKey": []}, {"bearer": []}],
        components=Components(
            security_schemes={
                "apiKey": SecurityScheme(type="apiKey", name="X-API-Key", security_scheme_in="header"),
                "bearer": SecurityScheme(type="http", scheme="bearer", description="An API key."),
            }
        ),
    )
