"""Each operation of each of 1NCE's documents is called, and its answers are as documented."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulator import documents
from tests.simulator.conftest import Simulated

NOBODY = "8988228066999999999"
REQUEST = {"replyToMail": "ada@example.com", "senderName": "Ada", "subject": "Coverage", "text": "None in the cellar."}
BODIES: dict[tuple[str, str], Any] = {
    ("PUT", "/v2/sims/{iccid}"): {"label": "walked", "imei_lock": False, "status": "Enabled"},
    ("POST", "/v2/sims/{iccid}/sms"): {"payload": "walked"},
    ("POST", "/v1/orders"): {"products": [{"productId": 1001, "quantity": 3}]},
    ("POST", "/v1/support"): REQUEST,
}
WALK = [operation for operation in documents.operations() if operation[0] != documents.SIGN_IN]
OF_ONE_SIM = [operation for operation in WALK if "{iccid}" in operation[2]]


def _call(simulated: Simulated, method: str, path: str, **values: str) -> httpx.Response:
    return simulated.request(method, path.format(**values), json=BODIES.get((method, path)))


def test_the_documents_have_as_many_operations_as_are_walked() -> None:
    assert len(documents.operations()) == 20


@pytest.mark.parametrize(("document", "method", "path"), WALK)
def test_an_operation_answers_as_documented(simulated: Simulated, document: str, method: str, path: str) -> None:
    iccid = simulated.listening()
    simulated.set(iccid, says="HELLO")
    values = {"iccid": iccid, "id": simulated.texted(iccid), "order_number": "2000000001"}
    answer = _call(simulated, method, path, **values)
    assert answer.is_success, answer.text
    documents.check_answer(document, method, path, answer)


@pytest.mark.parametrize(("document", "method", "path"), OF_ONE_SIM)
def test_no_operation_knows_a_sim_of_another_account(
    simulated: Simulated, document: str, method: str, path: str
) -> None:
    answer = _call(simulated, method, path, iccid=NOBODY, id="1")
    assert answer.status_code == 404
    documents.check_answer(document, method, path, answer)


@pytest.mark.parametrize(("document", "method", "path"), WALK)
def test_no_operation_accepts_the_token_of_an_owner(
    looked_at: Simulated, document: str, method: str, path: str
) -> None:
    asked = {"grant_type": "client_credentials"}
    login = looked_at.client.post("/management-api/oauth/token", auth=("owner", "owner-secret"), json=asked)
    documents.check(documents.SIGN_IN, "POST", "/oauth/token", 200, login.json())
    headers = {"authorization": f"Bearer {login.json()['access_token']}"}
    where = f"/management-api{path.format(iccid=NOBODY, id='1', order_number='1')}"
    assert looked_at.client.request(method, where, headers=headers).status_code == 401
