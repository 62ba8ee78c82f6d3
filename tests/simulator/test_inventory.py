"""The list of SIMs: its pages, its order, its limits."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.simulator import documents
from tests.simulator.conftest import API, Simulated


def test_a_page_says_how_many_there_are(looked_at: Simulated) -> None:
    answer = looked_at.get("/v2/sims", params={"page": 3, "pageSize": 70})
    assert len(answer.json()) == 70
    names = ("x-total-count", "x-total-pages", "x-current-page", "x-count-per-page")
    assert [answer.headers[name] for name in names] == ["300", "5", "3", "70"]


def test_a_page_has_ten_sims_unless_more_are_asked_for(looked_at: Simulated) -> None:
    assert len(looked_at.get("/v2/sims").json()) == 10


def test_past_the_end_there_is_an_empty_list(looked_at: Simulated) -> None:
    answer = looked_at.get("/v2/sims", params={"page": 99, "pageSize": 100})
    assert (answer.status_code, answer.json()) == (200, [])


def test_each_sim_is_on_one_page_and_the_order_is_not_that_of_the_numbers(looked_at: Simulated) -> None:
    iccids = looked_at.iccids()
    assert len(set(iccids)) == len(iccids) == 300
    assert iccids != sorted(iccids)
    assert looked_at.iccids() == iccids


@pytest.mark.parametrize(
    "query", [{"pageSize": 101}, {"pageSize": 0}, {"page": 0}, {"page": "x"}, {"page": "9" * 5000}, {"q": "label:x"}]
)
def test_a_query_that_makes_no_sense_is_a_400(looked_at: Simulated, query: dict[str, str]) -> None:
    answer = looked_at.get("/v2/sims", params=query)
    assert (answer.status_code, answer.json()["error_token"]) == (400, "BadRequest")


def test_sims_are_found_by_address_and_imei(looked_at: Simulated) -> None:
    wanted = next(sim for sim in looked_at.get("/v2/sims", params={"pageSize": 100}).json() if "imei" in sim)
    query = f"ip_address:{wanted['ip_address']},imei:{wanted['imei']}"
    answer = looked_at.get("/v2/sims", params={"q": query})
    assert answer.json() == [wanted]
    assert answer.headers["x-total-count"] == "1"
    assert looked_at.get("/v2/sims", params={"q": "ip_address:9.9.9.9"}).json() == []


def test_sims_are_sorted_by_imei_when_asked(looked_at: Simulated) -> None:
    sims = looked_at.get("/v2/sims", params={"sort": "-imei", "pageSize": 100}).json()
    imeis = [sim.get("imei", "") for sim in sims]
    assert imeis == sorted(imeis, reverse=True)


def test_a_sim_that_was_never_used_has_no_imei_and_an_unlabelled_one_no_label(looked_at: Simulated) -> None:
    sims = [sim for page in (1, 2, 3) for sim in looked_at.get(f"/v2/sims?pageSize=100&page={page}").json()]
    without_imei = [sim for sim in sims if "imei" not in sim]
    assert 0 < len(without_imei) < 30
    assert 0 < len([sim for sim in sims if "label" not in sim]) < 80
    status = looked_at.get(f"/v2/sims/{without_imei[0]['iccid']}/status").json()
    assert status["status"] == {"description": "OFFLINE"}
    assert "location" not in status
    assert "pdp_contexts" not in status
    assert looked_at.get(f"/v2/sims/{without_imei[0]['iccid']}/events").json() == []


@pytest.mark.parametrize("iccid", ["8988228066999999999", "89882280666010000001", "abc", "1"])
@pytest.mark.parametrize("call", ["", "/status", "/quota/data", "/quota/sms", "/events"])
def test_an_unknown_sim_is_a_404(looked_at: Simulated, iccid: str, call: str) -> None:
    answer = looked_at.get(f"/v2/sims/{iccid}{call}")
    assert answer.status_code == 404
    documents.check(documents.SIMS, "GET", f"/v2/sims/{{iccid}}{call}", 404, answer.json())


@pytest.mark.parametrize("path", ["/v1/sims", "/v1/sims/8988228066607000001", "/v1/sims/8988228066607000001/status"])
def test_version_one_of_the_sims_is_gone(looked_at: Simulated, path: str) -> None:
    assert looked_at.get(path).status_code == 410


def test_a_sim_that_left_the_account_is_in_no_list_and_nowhere_else(simulated: Simulated) -> None:
    iccid = simulated.some("OFFLINE", 3)
    simulated.set(iccid, listed=False)
    assert iccid not in simulated.iccids()
    assert simulated.get("/v2/sims").headers["x-total-count"] == "299"
    assert simulated.get(f"/v2/sims/{iccid}").status_code == 404
    simulated.set(iccid, listed=True)
    assert iccid in simulated.iccids()


def test_more_than_ten_calls_a_second_are_sent_away_with_the_seconds_to_wait(
    started: Callable[..., Simulated],
) -> None:
    simulated = started("--rate", "10", "--still")
    simulated.sign_in()
    began = time.monotonic()
    answers = [simulated.get("/v2/sims") for _ in range(20)]
    seconds = time.monotonic() - began
    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers[:10]] == [200] * 10
    assert len(answers) - len(refused) <= 10 + 10 * seconds  # each second lets ten more through
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    time.sleep(1)
    assert simulated.get("/v2/sims").status_code == 200
    assert simulated.client.post(f"{API}/oauth/token", auth=("demo", "demo-secret")).status_code == 400


def test_pages_can_be_made_to_shift_while_they_are_read(simulated: Simulated) -> None:
    whole = set(simulated.iccids())
    simulated.sim("POST", "quirks", {"shifting_pages": True})
    walked = simulated.iccids()
    assert len(walked) == len(whole)
    assert set(walked) < whole
    assert set(walked) | set(simulated.iccids()) | set(simulated.iccids()) == whole
    assert simulated.client.post("/_sim/quirks", json={"colour": "red"}).status_code == 400
