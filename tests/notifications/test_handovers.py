"""Shift handovers by mail: at each end of a shift, once, by local time; and by hand."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.errors import Invalid
from console.reports.shift_ends import HandoverSettings, check_ends, next_end
from console.reports.writes import end_shift, put_handover_settings
from tests.cast import Cast
from tests.notifications.conftest import Sending
from tests.serving import serving

pytestmark = pytest.mark.one_edition
BERLIN = HandoverSettings(time_zone="Europe/Berlin", ends=["06:00", "14:00", "22:00"], hours=8, channel_ids=[1])


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20T04:59:59+00:00", "2026-11-20T05:00:00+00:00"),
        ("2026-11-20T05:00:00+00:00", "2026-11-20T13:00:00+00:00"),
        ("2026-11-20T21:00:00+00:00", "2026-11-21T05:00:00+00:00"),
        ("2027-03-27T22:00:00+00:00", "2027-03-28T04:00:00+00:00"),  # the night has an hour less
        ("2027-10-30T21:00:00+00:00", "2027-10-31T05:00:00+00:00"),  # and an hour more
    ],
)
def test_shifts_end_at_local_hours(now: str, expected: str) -> None:
    assert next_end(BERLIN, datetime.fromisoformat(now)) == datetime.fromisoformat(expected)


def test_an_end_that_the_change_of_the_clock_leaves_out_is_an_hour_later() -> None:
    night = structs.replace(BERLIN, ends=["02:30"])
    assert next_end(night, datetime(2027, 3, 28, tzinfo=UTC)) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert next_end(night, datetime(2027, 10, 31, tzinfo=UTC)) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert next_end(night, datetime(2027, 10, 31, 0, 30, tzinfo=UTC)) == datetime(2027, 11, 1, 1, 30, tzinfo=UTC)
    assert next_end(structs.replace(night, ends=[]), datetime(2027, 3, 28, tzinfo=UTC)) is None
    with pytest.raises(Invalid, match="channels"):
        check_ends(structs.replace(night, channel_ids=[]))


async def test_each_end_is_mailed_once_whoever_works(sending: Sending) -> None:
    begun = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    setting = structs.replace(BERLIN, channel_ids=[sending.mail])
    async with sending.db.transaction() as transaction:
        await put_handover_settings(transaction, sending.id, setting, begun)

    async def work(now: datetime) -> int:
        async with sending.db.transaction() as transaction:
            return await end_shift(transaction, sending.id, "Acme", now)

    end = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    assert await work(end - timedelta(seconds=1)) == 0
    with pytest.raises(ZeroDivisionError):  # lost before it commits: the end is still due
        async with sending.db.transaction() as transaction:
            assert await end_shift(transaction, sending.id, "Acme", end) == 1
            raise ZeroDivisionError
    assert sum(await asyncio.gather(*(work(end) for _ in range(4)))) == 1
    assert await work(end + timedelta(hours=7)) == 0
    assert await work(end + timedelta(hours=33)) == 1, "after a long stop one, not each that was missed"
    await sending.send()
    assert [mail["Subject"] for mail in sending.receiver.mails] == ["[info] Handover of Acme: nothing open"] * 2
    assert "Spent on top-ups: nothing" in sending.receiver.mails[0].get_payload()
    assert await sending.rows("deduplication_key") == ["handover:20261120T1300Z", "handover:20261120T2100Z"]
    assert await sending.rows("state") == ["delivered"] * 2


async def test_it_is_set_and_sent_on_its_page(sending: Sending, cast: Cast) -> None:
    async with serving(sending.settings) as web, web.signed_in("ada") as ada, web.signed_in("otto") as otto:
        assert "nobody yet" in (await ada.get("/handover")).text
        refused = await otto.post("/handover/send")
        assert (refused.status_code, "No channel takes the handover" in refused.text) == (409, True)
        form = {"time_zone": "Europe/Berlin", "ends": "06:00, 25:00", "hours": "8", "channel": str(sending.mail)}
        assert (await ada.post("/handover-settings", data=form)).status_code == 422
        form["ends"] = "06:00, 18:00"
        assert (await ada.post("/handover-settings", data=form | {"time_zone": "localtime"})).status_code == 422
        assert (await ada.post("/handover-settings", data=form | {"channel": "999"})).status_code == 422
        assert (await ada.post("/handover-settings", data=form)).status_code == 303
        assert "06:00, 18:00 (Europe/Berlin)" in (await otto.get("/handover")).text
        assert (await otto.post("/handover/send")).headers["location"] == "/handover"
        assert (await ada.post("/handover/send")).headers["location"].startswith("/notification-deliveries/")
    await sending.send()
    assert len(sending.receiver.mails) == 2
    async with serving(sending.settings) as web, web.program(cast.acme_key) as program:
        found = (await program.get("/handover-settings")).json()
        assert (found["ends"], found["channel_ids"]) == (["06:00", "18:00"], [sending.mail])
    async with sending.db.reading() as reading:
        asked = sa.text("SELECT count(*) FROM audit_lines WHERE action LIKE 'handover.%' AND outcome = 'done'")
        assert (await reading.execute(asked)).scalar_one() == 3
