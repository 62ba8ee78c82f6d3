"""1NCE's own OpenAPI documents, as a measure for answers."""

from __future__ import annotations

import json
import re
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
NUMBERS = ("integer", "number")


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
    for bound in (
        "exclusiveMinimum",
        "exclusiveMaximum",
    ):  # in OpenAPI 3.0 these say how the bounds beside them are meant
        if schema.get(bound) is False:
            del schema[bound]
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


def matches(path: str, asked: str) -> dict[str, str] | None:
    """The values of a path's blanks in what was asked for; None if that is another path."""
    found = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)), asked)
    return found.groupdict() if found else None


def check_request(document: str, method: str, path: str, request: httpx.Request, root: str) -> None:
    """Raises when a request is not as documented: its path below `root`, its parameters, its body."""
    whole = _document(document)
    call = whole["paths"][path][method.lower()]
    in_path = matches(path, request.url.path.removeprefix(root))
    assert in_path is not None, request.url.path
    given = {"path": in_path, "query": dict(request.url.params)}
    known = [_resolved(whole, parameter) for parameter in call.get("parameters", ())]
    for parameter in known:
        text = given[parameter["in"]].pop(parameter["name"], None)
        assert text is not None or not parameter.get("required"), f"{parameter['name']} is missing"
        if text is not None:
            schema = parameter["schema"]
            Draft202012Validator(_strict(schema)).validate(int(text) if schema["type"] in NUMBERS else text)
    assert not any(given.values()), f"{method} {path} knows no {given}"
    if "requestBody" not in call:
        assert request.content == b"", f"{method} {path} takes no body"
        return
    assert request.headers["content-type"] == "application/json"
    body = _strict(call["requestBody"]["content"]["application/json"]["schema"])
    Draft202012Validator({**body, "components": whole["components"]}).validate(json.loads(request.content))


def _resolved(whole: dict[str, Any], node: dict[str, Any]) -> Any:
    """What a reference to a component stands for."""
    return whole["components"]["parameters"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node


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
