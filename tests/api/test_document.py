"""The API's description of itself is a correct OpenAPI document, and leaves nothing without a word."""

import json
import re
import warnings
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from console.openapi import openapi
from console.openapi.example import example_of
from console.openapi.texts import TAGS
from tests.api.conftest import Promise

OUTSIDE = re.compile(r"(?:https?:)?//(?!127\.0\.0\.1)[\w-]+\.", re.IGNORECASE)


def test_it_says_which_openapi_it_is_and_where_the_api_is(promise: Promise) -> None:
    assert promise.document["openapi"].startswith("3.1.")
    assert [server["url"] for server in promise.document["servers"]] == ["/"]
    assert promise.document["info"]["title"]
    assert promise.document["info"]["version"] == "1"


def test_nothing_of_it_leads_outside(promise: Promise) -> None:
    assert OUTSIDE.findall(json.dumps(promise.document)) == []


def test_making_it_uses_nothing_that_will_go() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        openapi()


def test_every_reference_leads_somewhere(promise: Promise) -> None:
    found = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(promise.document)))
    assert found
    for reference in found:
        thing = promise.document
        for step in reference.split("/"):
            thing = thing[step]


def test_every_schema_is_one(promise: Promise) -> None:
    for schema in promise.document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_names_of_operations_stay(promise: Promise) -> None:
    """Programs are generated from them."""
    assert {
        "listSims",
        "getSim",
        "getSimUsage",
        "getSimQuotas",
        "getSimConnectivity",
        "getSimEvents",
        "getUsage",
        "listQuotas",
        "listConnectivity",
        "listJobs",
        "getCarrier",
        "getHealth",
        "getHealthReady",
        "getHealthServices",
        "getHealthLive",
    } <= set(promise.operations())
    ids = [operation["operationId"] for item in promise.document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z][A-Za-z]+", one) for one in ids)


def test_the_names_of_schemas_show_nothing_of_our_files(promise: Promise) -> None:
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", name) for name in promise.document["components"]["schemas"])


def test_every_operation_and_parameter_has_its_words(promise: Promise) -> None:
    for name, (path, _, operation) in promise.operations().items():
        assert operation["summary"], name
        assert operation["description"], name
        assert set(operation["tags"]) <= set(TAGS), name
        asked = [one for one in operation["parameters"] if "$ref" not in one]
        assert all(one.get("description") for one in asked), name
        assert {one["name"] for one in asked if one["in"] == "path"} == set(re.findall(r"{(\w+)}", path)), name


def test_every_field_has_its_words(promise: Promise) -> None:
    for name, schema in promise.document["components"]["schemas"].items():
        assert schema.get("description"), name
        assert [field for field, one in schema.get("properties", {}).items() if not one.get("description")] == [
            field for field, one in schema.get("properties", {}).items() if name == "Error" and field == "error"
        ], name


def answers(operation: dict[str, Any]) -> list[dict[str, Any]]:
    found = [one for status, one in operation["responses"].items() if status.startswith("2")]
    assert found
    return found


def test_every_answer_has_an_example_that_is_one(promise: Promise) -> None:
    for name, (_, _, operation) in promise.operations().items():
        for answer in answers(operation):
            if content := answer.get("content", {}).get("application/json"):
                assert promise.broken_by(content["example"], content["schema"]) == [], name


def test_every_field_has_an_example_that_is_one_or_is_made_of_fields_that_have(promise: Promise) -> None:
    shown = 0
    for name, schema in promise.document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items() if name != "Error" else ():
            this = {"$ref": f"#/components/schemas/{name}/properties/{field}"}
            for example in (*described.get("examples", ()), example_of(promise.document, described)):
                assert promise.broken_by(example, this) == [], f"{name}.{field}"
                shown += 1
    assert shown > 200


def test_a_field_that_may_not_be_null_and_has_no_example_is_found(promise: Promise) -> None:
    with pytest.raises(LookupError):
        example_of(promise.document, {"type": "object", "properties": {"seen": {"type": "integer"}}})


def test_every_body_of_a_request_has_an_example_that_is_one(promise: Promise) -> None:
    bodies = [one["requestBody"]["content"] for _, _, one in promise.operations().values() if "requestBody" in one]
    assert bodies
    for content in bodies:
        (body,) = content.values()
        assert promise.broken_by(body["example"], body["schema"]) == []


def test_every_refusal_is_the_envelope(promise: Promise) -> None:
    for name, (_, _, operation) in promise.operations().items():
        refusals = {status: one for status, one in operation["responses"].items() if not status.startswith("2")}
        assert "500" in refusals, name
        for status, refusal in refusals.items():
            if "Health" in operation["tags"] and status == "503":
                continue  # it answers its checks
            found = promise.document["components"]["responses"][refusal["$ref"].rpartition("/")[2]]
            content = found["content"]["application/json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Error"}
            assert promise.error(content["example"]) == []
            assert "X-Request-ID" in found["headers"]


def test_what_needs_a_key_says_so_and_names_the_limits(promise: Promise) -> None:
    schemes = promise.document["components"]["securitySchemes"]
    assert schemes["apiKey"]["name"] == "X-API-Key"
    assert schemes["bearer"]["scheme"] == "bearer"
    assert [set(one) for one in promise.document["security"]] == [{"apiKey"}, {"bearer"}]
    for name, (_, _, operation) in promise.operations().items():
        if operation["tags"] == ["Health"]:
            assert operation["security"] == [], name
            assert "401" not in operation["responses"]
        else:
            assert operation.get("security") == ([] if name in ("logIn", "refreshTokens") else None), name
            assert {"401", "429", "503"} <= set(operation["responses"]), name
        for answer in answers(operation):
            assert {"X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= {
                *answer["headers"]
            }
    assert "Retry-After" in promise.document["components"]["responses"]["TooMany"]["headers"]


@pytest.mark.parametrize("parameter", ["cursor", "service"])
def test_what_may_be_left_out_is_not_said_to_be_null(promise: Promise, parameter: str) -> None:
    _, _, operation = promise.operations()["listQuotas"]
    found = next(one for one in operation["parameters"] if one.get("name") == parameter)
    assert found["schema"]["type"] == "string"
    assert not found["required"]
