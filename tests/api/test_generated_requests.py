"""Requests that nobody here wrote: schemathesis makes them from the published document, valid ones and invalid ones."""

import asyncio
import os
from collections import Counter
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from tests.api.conftest import Promise
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
REQUESTS = int(os.environ.get("REQUESTS", "8"))  # of each operation and mode; given more, other ones each time
LEAST_OF = 15  # at least one answer of so many is 200, and one a refusal: requests reach the handlers, valid and not


def broken_by(case: Case[Any], answer: Any, promise: Promise) -> list[str]:
    """In what this answer differs from the document: an undocumented status or body, or an error of ours."""
    status, described = str(answer.status_code), case.operation.definition.raw["responses"]
    request = f"{case.as_curl_command()} -> {status}"
    if answer.status_code >= 500:
        return [request]
    if status not in described:
        return [f"{request}, which the document does not name"]
    if answer.status_code >= 400:
        return [f"{request}: {fault}" for fault in promise.error(answer.json())]
    content = described[status].get("content", {}).get("application/json")
    return [f"{request}: {fault}" for fault in promise.broken_by(answer.json(), content["schema"])] if content else []


def tried(
    operation: Any, mode: GenerationMode, base_url: str, key: str, promise: Promise
) -> tuple[Counter[int], list[str]]:
    """How often each status was answered to the generated requests of an operation, and what was wrong."""
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    session = requests.Session()  # one connection for all

    @settings(
        max_examples=REQUESTS,
        deadline=None,
        database=None,
        derandomize="REQUESTS" not in os.environ,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case[Any]) -> None:
        if "iccid" in case.path_parameters and statuses.total() % 2:
            case.path_parameters["iccid"] = ADAS_SIM  # so that the query is looked at, not the path alone
        answer = case.call(base_url=base_url, headers={"X-API-Key": key}, session=session)
        statuses[answer.status_code] += 1
        faults.extend(broken_by(case, answer, promise))

    with session:
        ask()
    return statuses, faults


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_every_generated_request_is_answered_as_the_document_says(
    mode: GenerationMode, web: Served, full: Cast, promise: Promise
) -> None:
    found = schemathesis.openapi.from_dict(promise.document).get_all_operations()
    operations = [result.ok() for result in found if isinstance(result, Ok)]
    assert len(operations) >= len(promise.document["paths"])
    statuses: Counter[int] = Counter()
    for operation in operations:
        answered, faults = await asyncio.to_thread(tried, operation, mode, web.address, full.acme_key, promise)
        assert faults == [], operation.label
        statuses += answered
    share = statuses.total() / LEAST_OF
    assert statuses[200] > share
    assert statuses[400] + statuses[422] > share
