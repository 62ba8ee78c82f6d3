"""What costs money or gives rights asks for a proof, of people and of programs; the rest does not."""

import pytest

from console.store.database import Database
from tests.cast import ADAS_SIM, PASSWORD, Cast
from tests.serving import Served
from tests.users.test_proof import TOP_UP, age

pytestmark = pytest.mark.one_edition
# What asks, and what does not, by the page's address and form.
ASKS: tuple[tuple[str, dict[str, str]], ...] = (
    (f"/sims/{ADAS_SIM}/actions", TOP_UP),
    ("/approvals/7/approve", {}),
    ("/api-keys", {"name": "x", "scopes": "sims:read"}),
    ("/users/invitations", {"role": "viewer"}),
    ("/users/7/role", {"role": "viewer"}),
    ("/users/7/disable", {}),
    ("/users/7/enable", {}),
    ("/users/7/remove", {}),
    ("/users/7/reset", {}),
    ("/groups", {"name": "x", "role": "viewer"}),
    ("/groups/7/remove", {}),
    ("/organizations", {"name": "Acme"}),
    ("/organizations/second-factor", {"since": ""}),
    ("/budgets", {"whose": "organization", "period": "day", "limit_top_ups": "5"}),
    ("/budgets/price", {"price": "10", "currency": "EUR"}),
    ("/budgets/auto-top-ups/7", {"do": "on"}),
    (
        "/budgets/auto-top-ups/7/edit",
        {"below_mb": "5", "payment_method": "creditcard", "most_per_day": "1", "seen": "then"},
    ),
    ("/approval-rules", {"above_sims": "1000"}),
    ("/flags/spending", {"on": "no", "reason": "An audit"}),
    ("/actions/7/settle", {"happened": "yes", "reason": "Seen in the portal"}),
    ("/actions/7/unpaid", {"reason": "The order was dropped"}),
)
# The same asked by a program with a user's token.
API_ASKS: tuple[tuple[str, dict[str, object]], ...] = (
    (f"POST /sims/{ADAS_SIM}/topup", {"payment_method": "creditcard"}),
    ("POST /approvals/7/approve", {"reason": "Agreed"}),
    ("POST /api-keys", {"name": "x", "scopes": ["sims:read"]}),
    ("PUT /api-key-policy", {"longest_days": 366}),
    ("POST /users/invitations", {"role": "viewer"}),
    ("PATCH /users/7", {"role": "viewer"}),
    ("DELETE /users/7", {}),
    ("POST /users/7/reset", {}),
    ("POST /group-roles", {"name": "x", "role": "viewer"}),
    ("DELETE /group-roles/7", {}),
    ("PUT /budgets", {"items": []}),
    ("DELETE /auto-top-ups/7", {}),
    ("PUT /approval-rules", {"above_sims": 1000}),
    ("PUT /flags/spending", {"on": False, "reason": "An audit"}),
    ("POST /actions/7/settle", {"happened": True, "reason": "Seen in the portal"}),
    ("POST /actions/7/unpaid", {"reason": "The order was dropped"}),
)
ASKS_NOT: tuple[tuple[str, dict[str, str]], ...] = (
    (f"/sims/{ADAS_SIM}/actions", {"kind": "reset", "after": "0"}),
    ("/approvals/7/reject", {"reason": "Not now"}),
    ("/api-keys/abcdefgh/revoke", {}),
    ("/users/7/sign-out", {}),
    ("/settings/sessions/end-others", {}),
)


async def test_each_thing_that_costs_money_or_gives_rights_asks_and_others_do_not(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.signed_in("ada") as ada:
        await age(db)
        for path, form in ASKS:
            answer = await ada.post(path, data=form)
            assert (path, answer.status_code) == (path, 307)
        for path, form in ASKS_NOT:
            answer = await ada.post(path, data=form)
            assert (path, answer.status_code == 307) == (path, False)
        chosen = {"choice": "topup", "by": "identifiers", "identifiers": ADAS_SIM, "payment_method": "creditcard"}
        planned = await ada.post("/bulk-actions", data=chosen)
        begun = await ada.post(planned.headers["location"] + "/begin")
        assert begun.status_code == 307, "a plan costs nothing, its begin does"


async def test_each_refuses_a_program_with_an_old_token_in_the_same_words(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.stranger() as program:
        login = {"username": "ada", "password": PASSWORD}
        token = (await program.post("/api/v1/auth/login", json=login)).json()["access_token"]
        program.headers["Authorization"] = f"Bearer {token}"
        organization = f"PATCH /organizations/{cast.acme}"
        for fresh in (True, False):
            for number, (route, body) in enumerate((*API_ASKS, (organization, {"name": "Acme"}))):
                method, path = route.split()
                sent = {"json": body} if method != "DELETE" else {}
                headers = {"Idempotency-Key": f"proof-{number}"}
                answer = await program.request(method, "/api/v1" + path, headers=headers, **sent)  # type: ignore[arg-type]
                error = answer.json().get("error", {}) if answer.status_code >= 400 else {}
                asked = (answer.status_code, error.get("code"), error.get("message"))
                refusal = (403, "PROOF_NEEDED", "This needs a sign-in of the last 15 minutes: sign in again")
                assert (route, asked == refusal) == (route, not fresh), asked
            await age(db)
