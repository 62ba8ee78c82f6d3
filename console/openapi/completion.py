"""Adds to Litestar's description of the API what it can't derive from the code: errors, headers, texts, examples."""

import copy
import inspect
import re
from collections.abc import Iterator
from typing import Any

from console.openapi import answer_texts, texts
from console.openapi.example import example_of
from console.openapi.parameter_examples import PARAMETER_EXAMPLES
from console.openapi.refusals import ERRORS, LIMITS, headers_of, name_of, refusal, refused
from console.openapi.structs import STRUCTS

Part = dict[str, Any]
WITHOUT_SIGN_IN = frozenset({"Health"})  # the tags of operations that nobody is refused
SIGNING_IN = frozenset({"logIn", "refreshTokens"})  # operations that have credentials of their own
LISTING = re.compile(r"Listing_(?:[\w.]*\.)?(\w+?)_$")


def completed(raw: Part) -> Part:
    """The document that is served, made from Litestar's own, which stays as it is."""
    found: Part = _renamed(copy.deepcopy(raw))
    schemas = found["components"].setdefault("schemas", {})
    asked = _asked(found)
    for name, schema in schemas.items():
        _describe(name, schema, answered=name not in asked)
    schemas["Error"] = texts.ERROR
    found["components"] |= {
        "headers": {name: {"description": text, "schema": kind} for name, (kind, text) in texts.HEADERS.items()},
        "responses": {name_of(error): refusal(error) for error in ERRORS.values()},
        "parameters": {"RequestId": texts.REQUEST_ID},
    }
    for path, method, operation in operations(found):
        _complete(path, method, operation)
        _illustrate(found, operation)
    return found


def operations(document: Part) -> Iterator[tuple[str, str, Part]]:
    """Each operation with its path and method."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield path, method, operation


def _renamed(part: Any) -> Any:
    """Listing_console.facts.sims.SimState_ becomes SimStateListing; a nullable type is written as a list of two."""
    if isinstance(part, list):
        return [_renamed(one) for one in part]
    if isinstance(part, float) and part.is_integer():
        return int(part)
    if isinstance(part, str):
        start, slash, name = part.rpartition("/")
        return start + slash + LISTING.sub(r"\1Listing", name) if start == "#/components/schemas" else part
    if not isinstance(part, dict):
        return part
    found = {LISTING.sub(r"\1Listing", name): _renamed(one) for name, one in part.items()}
    choices = found.get("oneOf", [])
    plain = [one for one in choices if one != {"type": "null"}]
    if len(choices) == 2 and len(plain) == 1 and isinstance(plain[0].get("type"), str):
        del found["oneOf"]
        found = {**plain[0], **found, "type": [plain[0]["type"], "null"]}
    return found


def _asked(document: Part) -> set[str]:
    """The schemas that programs send: there a field with a default may be left out."""
    found: set[str] = set()
    waiting = [operation["requestBody"] for _, _, operation in operations(document) if "requestBody" in operation]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in found:
                found.add(name)
                waiting.append(document["components"]["schemas"].get(name))
        waiting += part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    return found


def _describe(name: str, schema: Part, *, answered: bool) -> None:
    if struct := STRUCTS.get(name):
        schema["description"] = inspect.cleandoc(struct.__doc__ or "")
    elif name.endswith("Listing"):
        schema["description"] = answer_texts.LISTING
    if answered and "properties" in schema:
        schema["required"] = list(schema["properties"])


def _complete(path: str, method: str, operation: Part) -> None:
    opened = not WITHOUT_SIGN_IN.isdisjoint(operation.get("tags", ()))
    if opened or operation["operationId"] in SIGNING_IN:
        operation["security"] = []
    operation["summary"] = answer_texts.SUMMARIES.get(operation["operationId"], operation["summary"])
    asked = operation.get("parameters", [])
    for parameter in asked:
        _complete_parameter(operation["operationId"], parameter)
    answers = operation["responses"]
    for status, answer in answers.items():
        if status.startswith("2"):
            answer["description"] = answer_texts.ANSWERS.get(operation["operationId"], operation["summary"])
            answer["headers"] = headers_of(["X-Request-ID", *LIMITS])
    answers.pop("400", None)
    for status in refused(path, method, operation, opened=opened):
        answers.setdefault(str(status), {"$ref": f"#/components/responses/{name_of(ERRORS[status])}"})
    operation["responses"] = dict(sorted(answers.items()))
    operation["parameters"] = [*asked, {"$ref": "#/components/parameters/RequestId"}]


def _illustrate(document: Part, operation: Part) -> None:
    """Give the request's body and each answer an example, made of those of its fields."""
    for part in (operation.get("requestBody", {}), *operation["responses"].values()):
        for content in part.get("content", {}).values():
            if content["schema"]:  # a file has none
                content["example"] = example_of(document, content["schema"])


def _complete_parameter(operation_id: str, parameter: Part) -> None:
    schema = parameter["schema"]
    if isinstance(schema.get("type"), list):  # what may be null may be left out: nobody can send it
        schema["type"] = next(kind for kind in schema["type"] if kind != "null")
        if "enum" in schema:
            schema["enum"] = [one for one in schema["enum"] if one is not None]
    name = parameter["name"]
    schema.pop("description", None)
    if text := texts.PARAMETERS.get(f"{operation_id}.{name}", texts.PARAMETERS.get(name)):
        parameter["description"] = text
    if name in PARAMETER_EXAMPLES:
        parameter["example"] = PARAMETER_EXAMPLES[name]
