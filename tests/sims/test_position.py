"""Where a list stands, also when there is less of it than was shown."""

import pytest

from console.sims.position import position
from console.sims.rules import SimFilter
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast

pytestmark = pytest.mark.one_edition


@pytest.mark.parametrize(
    ("offset", "iccids"), [(0, (ADAS_SIM,)), (1, (ADAS_OTHER_SIM,)), (2, ()), (3, ()), (50, ()), (10_000, ())]
)
async def test_a_page_beyond_the_end_is_empty(offset: int, iccids: tuple[str, ...], db: Database, cast: Cast) -> None:
    async with db.reading() as reading:
        found = await position(reading, cast.acme, SimFilter(), sort=(), limit=1, offset=offset)
    assert (found.total, found.iccids) == (2, iccids)
