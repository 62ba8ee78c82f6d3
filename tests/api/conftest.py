"""The document that the API publishes of itself, and a fleet with something of everything."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from console.actions.requests import reset
from console.actions.writes import request
from console.app import create_app
from console.connectivity.writes import record_events
from console.facts.network import NetworkEvent
from console.facts.sms import Sms
from console.openapi.completion import completed
from console.organizations.rules import PERMISSIONS, Caller, Role
from console.quotas.writes import COMPARE, record_quotas
from console.runs.rules import RunState
from console.runs.writes import Tally, begin, finish
from console.settings import Settings
from console.sms.writes import record_messages
from console.store.database import Database
from console.usage.writes import record_usage
from tests.api.filling import alert_and_inform, buy_and_approve
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.conftest import SECRET
from tests.serving import Served, serving

RFC3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
formats = FormatChecker(formats=())


@formats.checks("date-time")
def is_utc(text: object) -> bool:
    return not isinstance(text, str) or RFC3339_UTC.fullmatch(text) is not None


class Promise:
    """The document, as something that an answer can be held against."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        closed = {**document, "components": {**document["components"]}}
        closed["components"]["schemas"] = {
            name: {**schema, "additionalProperties": False} if "properties" in schema else schema
            for name, schema in document["components"]["schemas"].items()
        }
        self._registry: Registry[Any] = Registry().with_resource("urn:api", DRAFT202012.create_resource(closed))

    def operations(self) -> dict[str, tuple[str, str, dict[str, Any]]]:
        """Path, method and description of each operation, by its id."""
        return {
            operation["operationId"]: (path, method, operation)
            for path, item in self.document["paths"].items()
            for method, operation in item.items()
        }

    def broken_by(self, answer: Any, schema: dict[str, Any]) -> list[str]:
        """What in this answer the schema does not promise; nothing may be there that it does not name."""
        pointed = json.loads(json.dumps(schema).replace('"#/', '"urn:api#/'))
        validator = Draft202012Validator(pointed, registry=self._registry, format_checker=formats)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer)]

    def error(self, answer: Any) -> list[str]:
        """What in this answer is not as an error should be."""
        return self.broken_by(answer, {"$ref": "#/components/schemas/Error"})


NOWHERE = Settings(
    database_url="postgresql+asyncpg://nobody@127.0.0.1:1/none", redis_url="redis://127.0.0.1:1/0", secret_key=SECRET
)


@pytest.fixture(scope="session")
def promise() -> Promise:
    return Promise(completed(create_app(NOWHERE).openapi_schema.to_schema()))


@pytest_asyncio.fixture(scope="module")
async def sick() -> AsyncIterator[Served]:
    """A console whose database and Redis are away. What needs neither is answered all the same."""
    async with serving(NOWHERE) as served:
        yield served


@pytest_asyncio.fixture
async def full(db: Database, cast: Cast, settings: Settings) -> Cast:
    """Ada's SIM has used, lost and met all that there is; a job has run."""
    now = datetime.now(UTC)
    usage: dict[str, Any] = {
        "iccid": ADAS_SIM,
        "time": now,
        "source": "streamer",
        "record_id": 1,
        "started_at": now - timedelta(minutes=5),
        "data_bytes": 2048,
        "sent_bytes": 1024,
        "received_bytes": 1024,
        "sms": 1,
        "operator": None,
        "country": "DE",
        "rat": "LTE",
    }
    event = {**dict.fromkeys(NetworkEvent.__struct_fields__), "id": 7, "iccid": ADAS_SIM, "time": now, "name": "Attach"}
    quota = {**dict.fromkeys(COMPARE), "iccid": ADAS_SIM, "service": "data", "status": "active", "total": 1000}
    async with db.transaction() as transaction:
        await record_usage(transaction, cast.acme, [usage], now)
        described = {**event, "severity": "info", "description": "It is there"}
        await record_events(transaction, cast.acme, [described], now)
        await record_quotas(
            transaction,
            cast.acme,
            [{**quota, "left": 900, "expires_at": now + timedelta(days=9)}],
            now,
            streamer_alive=True,
        )
        sms = Sms(iccid=ADAS_SIM, direction="mt", id="9", time=now, status="pending", payload="hello", source="poll")
        await record_messages(transaction, cast.acme, [sms], now)
        other = {**quota, "iccid": ADAS_OTHER_SIM, "total": 500 << 20, "accumulated": 500 << 20}
        for minutes, left in ((90, 500 << 20), (60, 490 << 20), (30, 490 << 20), (0, 490 << 20)):  # and no record of it
            checked_at, row = now - timedelta(minutes=minutes), {**other, "left": left}
            await record_quotas(transaction, cast.acme, [row], checked_at, streamer_alive=True, streamer_used=True)
        await add_sim(transaction, cast.acme, ADAS_SIM, label="pump-1", last_seen_at=now, operator="Telekom")
    otto = Caller(
        organization_id=cast.acme, organization="Acme", name="otto", permissions=PERMISSIONS[Role.OPERATOR], user_id=1
    )
    async with db.transaction() as transaction:
        await request(transaction, otto, reset(ADAS_SIM), "one", now, undo=timedelta(0))
        run_id = await begin(transaction, cast.acme, "sync_sims", now)
        await finish(transaction, run_id, RunState.DONE, Tally(), now)
        await buy_and_approve(transaction, otto, now)
        await finish(transaction, await begin(transaction, cast.acme, "sync_status", now), RunState.DONE, Tally(), now)
        await alert_and_inform(transaction, settings, cast.ada, now)
    return cast
