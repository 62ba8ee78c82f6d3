"""1NCE's own OpenAPI documents, as a measure for answers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[1] / "data" / "once-openapi"
SIMS = "1nce-sim-management-v2-openapi.yml"
SIGN_IN = "1nce-authorization-v2-openapi.yml"
ORDERS = "1nce-order-management-openapi.yml"
PRODUCTS = "1nce-product-information-openapi.yml"
SUPPORT = "1nce-support-management-openapi.yml"


def _strict(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema; no key that the document does not name may appear.

    A detail fits several of the shapes that the document calls exclusive, since all their keys are optional: one is
    enough.
    """
    if isinstance(node, list):
        return [_strict(part) for part in node]
    if not isinstance(node, dict):
        return node
    schema = {"anyOf" if key == "oneOf" else key: _strict(value) for key, value in node.items()}
    if schema.pop("nullable", False) is True:
        schema["type"] = [schema["type"], "null"]
    if isinstance(schema.get("properties"), dict) and schema.get("type", "object") == "object":
        schema.setdefault("additionalProperties", False)
    return schema


@cache
def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    document["components"] = _strict(document["components"])
    return document


def operations() -> list[tuple[str, str, str]]:
    """Every call that the documents know: document, method, path."""
    return [
        (file.name, method.upper(), path)
        for file in sorted(FOLDER.glob("*.yml"))
        for path, methods in _document(file.name)["paths"].items()
        for method in methods
        if method in ("get", "post", "put", "patch", "delete")
    ]


def statuses(document: str, method: str, path: str) -> set[int]:
    """The statuses that a call may be answered with."""
    return {int(status) for status in _document(document)["paths"][path][method.lower()]["responses"]}


def check(document: str, method: str, path: str, status: int, body: Any) -> None:
    """Raises when the document does not know the status for this call, or the body is not as it says."""
    validator = _validator(document, method, path, status)
    assert validator is not None, f"{method} {path} has no body with {status}"
    validator.validate(body)


def check_answer(document: str, method: str, path: str, answer: httpx.Response) -> None:
    """Raises when an answer is not as documented. Of a refusal the document may leave the body open."""
    validator = _validator(document, method, path, answer.status_code)
    if validator is None:
        assert answer.is_error or answer.content == b"", answer.text
    else:
        assert answer.headers["content-type"].startswith("application/json")
        validator.validate(answer.json())


@cache
def _validator(document: str, method: str, path: str, status: int) -> Draft202012Validator | None:
    whole = _document(document)
    answer = whole["paths"][path][method.lower()]["responses"][str(status)]
    if "$ref" in answer:
        answer = whole["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    if not answer.get("content"):
        return None
    schema = _strict(answer["content"]["application/json"]["schema"])
    return Draft202012Validator({**schema, "components": whole["components"]})
