"""The description of the JSON API, for programs and for people, served from this very origin."""

from console.openapi.document import openapi as openapi
