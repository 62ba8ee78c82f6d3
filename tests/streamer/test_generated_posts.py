"""Whatever is posted, no exception leaves the intake, and no record is lost: each is taken, known or unknown."""

from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings

from console.json_text import readable
from console.once.streamer.records import messages_alone, read_batch, within
from console.runs import reads as run_reads
from console.store.database import Database
from console.streamer.tables import streamer_posts
from jobs.intake.reading import NEWEST, OLDEST
from jobs.take_in_posts import take_in_posts
from tests.cast import STREAMER
from tests.jobs.conftest import Acme
from tests.jobs.test_stream import NOW
from tests.serving import Served
from tests.streamer.generated import bodies

FIXTURES = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)


@settings(max_examples=60, deadline=None, suppress_health_check=FIXTURES)
@given(bodies())
def test_each_record_of_a_post_is_read_as_something(sent: tuple[list[Any], bytes, dict[str, str]]) -> None:
    post, body, headers = sent
    if headers:
        return
    text = readable(body).strip()
    batch = within(read_batch(text), text, NOW - OLDEST, NOW + NEWEST)
    assert len(batch) == len(post)
    assert len(messages_alone(text)) == len(post)


@pytest.mark.one_edition
@settings(max_examples=10, phases=(Phase.generate,), deadline=None, suppress_health_check=FIXTURES)
@given(bodies())
async def test_each_record_of_a_post_is_taken_or_known_or_unknown(
    db: Database, web: Served, acme: Acme, sent: tuple[list[Any], bytes, dict[str, str]]
) -> None:
    post, body, headers = sent
    async with db.reading() as reading:
        before = len(await run_reads.runs(reading, acme.id, job="take_in_posts"))
    async with httpx.AsyncClient(base_url=web.address, auth=STREAMER, trust_env=False) as client:
        answer = await client.post("/streamer/acme", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    await acme.run(take_in_posts)
    async with db.reading() as reading:
        runs = await run_reads.runs(reading, acme.id, job="take_in_posts")
        left = (await reading.execute(sa.select(sa.func.count()).select_from(streamer_posts))).scalar_one()
    assert left == 0
    assert len(runs) == before + bool(post)  # of a post without a record nothing is kept
    if post:
        assert (runs[0].state, runs[0].seen) == ("done", len(post)), runs[0].error
