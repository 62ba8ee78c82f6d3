"""Alerts on pages: the strip on every page, the groups, one alert, and rules tried before they are saved."""

import re

import pytest
from msgspec import structs

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.pages.alert_rule_form import new_form, wanted_of
from tests.alerts.conftest import Fleet, iccids
from tests.serving import Served

pytestmark = pytest.mark.one_edition


async def test_an_alert_is_on_every_page_until_it_is_acknowledged_and_resolved(web: Served, fleet: Fleet) -> None:
    (one,) = iccids(1)
    rule = await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
    await fleet.moves([one], "online", country="US")
    await fleet.judge()
    alert = await fleet.alert()
    async with web.signed_in("otto") as otto, web.signed_in("eve") as eve:
        overview = (await otto.get("/")).text
        assert 'data-firing="1"' in overview
        assert alert.title in overview
        assert 'data-firing="0"' in (await eve.get("/")).text
        assert "Nothing fires." in (await eve.get("/alerts")).text
        assert (await eve.get(f"/alerts/{alert.id}")).status_code == 404
        answer = await otto.post(f"/alerts/{alert.id}/acknowledge", data={"minutes": "30", "note": "On it"})
        assert answer.status_code == 303
        for path in ("/alerts", "/alerts?state=firing", f"/alerts/{alert.id}"):
            page = (await otto.get(path)).text
            assert all(text in page for text in (alert.title, "On it", "acknowledged")), path
        assert (await otto.post(f"/alerts/{alert.id}/resolve", data={"text": ""})).status_code == 409
        assert (await otto.post("/alert-rules", data={"kind": "share_left"})).status_code == 403
    async with web.signed_in("ada") as ada:
        form = {"kind": "no_contact", "name": "Silent", "severity": "info", "hours": "5", "enabled": "yes"}
        tried = (await ada.post("/alert-rules", data=form | {"do": "try"})).text
        assert "It would have fired never in the last 7 days." in tried
        refused = await ada.post("/alert-rules", data=form | {"hours": ""})
        assert (refused.status_code, "needs hours" in refused.text) == (422, True)
        assert (await ada.post("/alert-rules", data=form)).status_code == 303
        rules = (await ada.get("/alert-rules")).text
        assert "Info when an enabled SIM was not seen by any network for 5 hours." in rules
        (number,) = {int(found) for found in re.findall(r"/alert-rules/(\d+)", rules)} - set(range(1, rule.id + 1))
        assert 'value="5"' in (await ada.get(f"/alert-rules/{number}")).text
        assert (await ada.post(f"/alert-rules/{number}/delete")).status_code == 303
        for kind in RuleKind:
            assert (await ada.get(f"/alert-rules/{kind}")).status_code == 200


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    (found,) = re.findall(rf'name="{name}" value="([^"]*)"', page)
    return str(found)


async def test_who_saves_a_rule_that_was_changed_meanwhile_sees_both(web: Served, fleet: Fleet) -> None:
    rule = await fleet.rule(kind=RuleKind.NO_CONTACT, parameters=RuleParameters(hours=5))
    path = f"/alert-rules/{rule.id}"
    form = {"kind": "no_contact", "severity": "info", "enabled": "yes"}
    async with web.signed_in("ada") as ada, web.signed_in("ada") as other:
        seen = hidden((await ada.get(path)).text, "revision")
        assert hidden((await other.get(path)).text, "revision") == seen
        mine = form | {"name": "Mine", "hours": "7", "filter": "tag=pump", "revision": seen}
        assert (
            await other.post(path, data=form | {"name": "Theirs", "hours": "6", "revision": seen})
        ).status_code == 303
        refused = await ada.post(path, data=mine)
        assert (refused.status_code, "ada has changed this rule" in refused.text) == (412, True)
        for kept in ('value="Mine"', 'value="7"', 'value="tag=pump"', "<bdi>Theirs</bdi>", "for 6 hours"):
            assert kept in refused.text, kept
        assert 'value="Theirs"' in (await ada.get(path)).text, "nothing was saved"
        again = mine | {"revision": hidden(refused.text, "revision")}
        assert (await ada.post(path, data=again)).status_code == 303
        assert 'value="Mine"' in (await ada.get(path)).text
        assert (await ada.post(path, data=mine | {"revision": "x"})).status_code == 422


@pytest.mark.parametrize("kind", sorted(RuleKind))
def test_the_form_of_a_new_rule_can_be_tried_as_it_is(kind: RuleKind) -> None:
    form = new_form(kind)
    if kind is RuleKind.COUNTRY_NOT_ALLOWED:
        form = structs.replace(form, countries="de at")
    assert wanted_of(form).kind is kind
