"""The description of the API and of the stream, for programs and for people."""

from console.openapi.document import openapi as openapi
