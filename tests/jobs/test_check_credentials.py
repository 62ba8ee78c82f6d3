"""An administrator asks whether 1NCE accepts the organization's credentials; a worker asks 1NCE."""

from datetime import UTC, datetime

import pytest

from console.organizations.reads import settings_of
from console.organizations.writes import change_settings, request_check
from console.store.database import Database
from jobs.check_credentials import check_credentials
from tests.jobs.conftest import Acme
from tests.simulation import FLEET

pytestmark = pytest.mark.one_edition


async def test_the_page_says_what_1nce_answered(db: Database, acme: Acme) -> None:
    for secret, accepted, found in (("wrong", False, ""), ("demo-secret", True, f"signed in; {FLEET} SIMs")):
        async with db.transaction() as transaction:
            await change_settings(transaction, acme.worker.settings.secret_key, acme.id, {"once_client_secret": secret})
            await request_check(transaction, acme.id, datetime.now(UTC))
        await acme.run(check_credentials)
        async with db.reading() as reading:
            shown = await settings_of(reading, acme.id)
        assert shown.accepted is accepted
        assert found in (shown.found or "")
        assert shown.checked_at is not None
        assert shown.check_requested_at is not None
        assert shown.checked_at >= shown.check_requested_at
