"""The stream's description is valid AsyncAPI, and what the stream says is what it describes."""

import asyncio
import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from console import facts
from console.api_keys.writes import put_key
from console.openapi.stream import FACTS, document
from console.organizations.rules import Permission
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim
from tests.examples import example
from tests.live.test_program_stream import cut_subscriptions, receive
from tests.serving import Served

pytestmark = pytest.mark.one_edition
SCHEMA = Path(__file__).parents[1] / "data/asyncapi/3.0.0.json.gz"
NOW = datetime.now(UTC)


def validator(described: dict[str, Any], kind: str) -> jsonschema.Draft202012Validator:
    payload = described["components"]["messages"][kind]["payload"]
    return jsonschema.Draft202012Validator({**payload, "components": described["components"]})


async def served(web: Served) -> dict[str, Any]:
    async with web.stranger() as client:
        answer = await client.get("/api/v1/asyncapi.json")
    assert answer.status_code == 200
    described: dict[str, Any] = answer.json()
    return described


async def test_the_description_is_served_to_anybody_and_is_valid(web: Served) -> None:
    described = await served(web)
    assert described["servers"]["console"]["host"] == web.address.removeprefix("http://")
    jsonschema.Draft7Validator(msgspec.json.decode(gzip.decompress(SCHEMA.read_bytes()))).validate(described)


def test_every_fact_that_can_be_published_is_described() -> None:
    described = document("console.example", secure=True)["components"]["messages"]
    assert {facts.kind_of(fact) for fact in FACTS} <= set(described)
    assert all(message["summary"] for message in described.values())


@pytest.mark.usefixtures("quick_heartbeats")
async def test_what_the_stream_says_is_what_it_describes(web: Served, db: Database, cast: Cast) -> None:
    described = await served(web)
    said: dict[str, dict[str, Any]] = {}
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "all", list(Permission), NOW)
    topics = "fleet,alerts,actions,flags"
    async with asyncio.timeout(30), web.stream(key, f"?since=old:1&topics={topics}") as stream:
        for _ in range(2):
            message = await receive(stream, heartbeats=True)
            said[message["type"]] = message
        await stream.send("nonsense")
        async with db.transaction() as transaction:
            await add_sim(transaction, cast.acme, ADAS_SIM, label="described")
            for fact in FACTS:
                transaction.publish(cast.acme, example(fact))
        while not {"stream.error", "stream.heartbeat", *(fact.__struct_config__.tag for fact in FACTS)} <= set(said):
            message = await receive(stream, heartbeats=True)
            said[message["type"]] = message
        await cut_subscriptions(db)
        while not {"stream.stale", "stream.live"} <= set(said):
            message = await receive(stream, heartbeats=True)
            said[message["type"]] = message
    assert set(said) == set(described["components"]["messages"]) - {"subscribe", "unsubscribe"}
    for kind, message in said.items():
        validator(described, kind).validate(message)


@pytest.mark.parametrize("kind", ["stream.hello", "network.event"])
def test_a_message_without_its_number_is_not_what_is_described(kind: str) -> None:
    described = document("console.example", secure=False)
    assert not validator(described, kind).is_valid({"type": kind, "epoch": "e"})


@pytest.mark.parametrize("kind", document("console.example", secure=True)["components"]["messages"])
def test_the_example_of_a_message_is_what_is_described(kind: str) -> None:
    described = document("console.example", secure=True)
    (example,) = described["components"]["messages"][kind]["examples"]
    assert example["payload"]["type"] == kind
    validator(described, kind).validate(example["payload"])


def test_every_field_of_a_message_has_its_words() -> None:
    schemas = document("console.example", secure=True)["components"]["schemas"]
    silent = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, described in schema.get("properties", {}).items()
        if not described.get("description") and "enum" not in described
    ]
    assert not silent
