"""Messages that the Data Streamer or the SMS Forwarder posts: each counts once, in any order, and is published."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from console.facts.masking import masked_sms
from console.facts.sms import Sms
from console.organizations.writes import change_forwarder
from console.sms import reads
from console.store.database import Database
from console.streamer.forwarder_address import forwarder_token
from console.streamer.tables import streamer_posts, unknown_records
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext
from jobs.take_in_posts import take_in_posts
from tests.cast import ADAS_SIM, Cast
from tests.conftest import SECRET
from tests.live.test_program_stream import receive
from tests.once.samples import message, report
from tests.parts import html_in
from tests.serving import Served

NOW = datetime.now(UTC).replace(microsecond=0)
SUBMITTED = {"submit_date": NOW.isoformat(), "endpoint": {"id": 1, "name": ADAS_SIM}}
DELIVERED = {**SUBMITTED, "final_date": (NOW + timedelta(seconds=4)).isoformat()}


class Acme:
    """Ada's organization, with a worker that takes in what is pushed, and the endpoints for it."""

    def __init__(self, web: Served, db: Database, cast: Cast, worker: WorkerContext) -> None:
        self.web, self.db, self.cast, self.worker = web, db, cast, worker
        self.client = httpx.AsyncClient(base_url=web.address, trust_env=False)

    async def streamed(self, *records: dict[str, Any]) -> None:
        """Post them as the Data Streamer does, and take them in."""
        auth = ("acme-streamer", "streamer-password")
        answer = await self.client.post("/streamer/acme", content=msgspec.json.encode(records), auth=auth)
        assert answer.status_code == 200
        await self.take()

    async def forwarded(self, method: str, record: dict[str, Any], turn: int = 1) -> int:
        """Send it as the SMS Forwarder does, and take it in; the answer's status."""
        path = "/forwarder/" + forwarder_token(SECRET, "acme", turn)
        answer = await self.client.request(method, path, content=msgspec.json.encode(record))
        await self.take()
        return answer.status_code

    async def take(self) -> None:
        await take_in_posts({"worker": self.worker}, organization_id=self.cast.acme)

    async def messages(self) -> list[Sms]:
        async with self.db.reading() as connection:
            return (await reads.of_sim(connection, self.cast.acme, ADAS_SIM))[0]


@pytest.fixture
def acme(web: Served, db: Database, cast: Cast, settings: Any) -> Acme:
    return Acme(web, db, cast, WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db)))


async def test_a_message_that_comes_twice_and_by_two_endpoints_counts_once_and_is_published_once(acme: Acme) -> None:
    one = message(**SUBMITTED)
    async with acme.web.stream(acme.cast.acme_key, f"?topics=sim:{ADAS_SIM}") as stream:
        await receive(stream)
        await acme.streamed(one, one)
        await acme.streamed(one)
        assert await acme.forwarded("POST", {**one, "id": str(one["id"]), "dcs": "0"}) == 200
        published = await receive(stream)
        with pytest.raises(asyncio.TimeoutError):
            await receive(stream, 0.5)
    (kept,) = await acme.messages()
    assert (kept.direction, kept.payload, kept.dest_address, kept.status) == ("mo", "21.5 C", "338", "delivered")
    assert (published["type"], published["subject"], published["data"]["payload"]) == (
        "sms.changed",
        ADAS_SIM,
        "21.5 C",
    )
    assert msgspec.convert(published["data"], Sms) == masked_sms(kept), "the key is a viewer's"


async def test_a_report_that_comes_before_its_message_is_kept_and_filled_in_later(acme: Acme) -> None:
    await acme.streamed(report(**DELIVERED))
    (early,) = await acme.messages()
    assert (early.direction, early.status, early.payload, early.source) == ("mt", "delivered", None, "streamer")
    await acme.streamed(report(**DELIVERED, status={"id": 2, "status": "PENDING"}))
    assert await acme.messages() == [early]


@pytest.mark.one_edition
async def test_the_forwarders_report_finds_the_message_that_it_is_about(acme: Acme, db: Database) -> None:
    """The forwarder names no SIM: only the id says whose message it was."""
    plain = {name: value for name, value in report(**DELIVERED).items() if name != "endpoint"}
    assert await acme.forwarded("PATCH", plain) == 200
    async with db.reading() as connection:
        (lost,) = (await connection.execute(sa.select(unknown_records))).all()
    assert msgspec.json.decode(lost.body) == plain
    assert "not known" in lost.why
    await acme.streamed(report(**DELIVERED, status={"id": 3, "status": "BUFFERED"}))
    assert await acme.forwarded("PATCH", plain) == 200
    (kept,) = await acme.messages()
    assert (kept.status, kept.source) == ("delivered", "forwarder")


@pytest.mark.one_edition
async def test_who_does_not_know_the_forwarders_address_finds_nothing(acme: Acme, db: Database) -> None:
    one = message(**SUBMITTED)
    for wrong in (
        "acme",
        "acme.",
        "nobody.xyz",
        forwarder_token(SECRET, "acme", 2),
        forwarder_token("x" * 32, "acme", 1),
    ):
        answer = await acme.client.post(f"/forwarder/{wrong}", json=one)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")
    async with db.transaction() as transaction:
        await change_forwarder(transaction, acme.cast.acme)
    assert await acme.forwarded("POST", one) == 404
    assert await acme.messages() == []
    assert await acme.forwarded("POST", one, turn=2) == 200
    assert len(await acme.messages()) == 1


@pytest.mark.one_edition
@pytest.mark.parametrize(
    ("body", "status"), [(b"<html>", 400), (b"[]", 400), (b'{"id": ', 400), (b'"' + b"x" * 70_000 + b'"', 413)]
)
async def test_what_is_no_message_is_not_taken(acme: Acme, db: Database, body: bytes, status: int) -> None:
    path = "/forwarder/" + forwarder_token(SECRET, "acme", 1)
    assert (await acme.client.post(path, content=body)).status_code == status
    async with db.reading() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).select_from(streamer_posts))).scalar_one() == 0


@pytest.mark.one_edition
async def test_eve_reads_none_of_adas_messages(acme: Acme) -> None:
    await acme.streamed(message(**SUBMITTED))
    async with acme.web.program(acme.cast.acme_key) as ada, acme.web.program(acme.cast.eve_key) as eve:
        mine = (await ada.get(f"/sims/{ADAS_SIM}/sms")).json()
        assert [one["payload"] for one in mine["items"]] == ["21.5 C"]
        assert (await eve.get(f"/sims/{ADAS_SIM}/sms")).status_code == 404


@pytest.mark.one_edition
async def test_a_walk_through_the_messages_meets_each_once_the_newest_first(acme: Acme) -> None:
    records = [
        message(**{**SUBMITTED, "submit_date": (NOW - timedelta(minutes=n // 2)).isoformat()}, id=n) for n in range(9)
    ]
    await acme.streamed(*records)
    found: list[dict[str, Any]] = []
    async with acme.web.program(acme.cast.acme_key) as ada:
        cursor = ""
        while cursor is not None:
            page = (await ada.get(f"/sims/{ADAS_SIM}/sms?page_size=2" + (f"&cursor={cursor}" if cursor else ""))).json()
            found, cursor = found + page["items"], page["next_cursor"]
    assert len({one["id"] for one in found}) == len(found) == 9
    assert [one["time"] for one in found] == sorted((one["time"] for one in found), reverse=True)


@pytest.mark.one_edition
async def test_a_message_is_shown_as_text_and_drawn_live_as_on_the_page(acme: Acme) -> None:
    async with acme.web.signed_in("ada") as browser:
        async with acme.web.page_socket(browser, f"?view=sim&topics=sim:{ADAS_SIM}") as socket:
            await socket.recv()
            await acme.streamed(message(**SUBMITTED, payload="<b>21.5</b>"))
            row = ""
            while 'id="sms-' not in row:
                row = html_in(await asyncio.wait_for(socket.recv(), 5))
        page = (await browser.get(f"/sims/{ADAS_SIM}?tab=sms")).text
    assert "&lt;b&gt;21.5&lt;/b&gt;" in page
    assert "".join(row.split()) in "".join(page.split())
