"""Reads generated posts for minutes: no exception, no record lost. The first argument says how many posts.

The floor is Python's own JSON reader on the same bodies, which learns nothing of what the records say.
"""

import gzip
import json
import sys
import time
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from console.json_text import readable
from console.once.streamer.records import messages_alone, read_batch, within
from jobs.intake.reading import NEWEST, OLDEST
from tests.streamer.generated import bodies

EXAMPLES = int(sys.argv[1])
NOW = datetime.now(UTC)
spent = {"reading": 0.0, "floor": 0.0}
counted = {"posts": 0, "records": 0}


@settings(
    max_examples=EXAMPLES, phases=(Phase.generate, Phase.shrink), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(bodies())
def read(sent: tuple[list[Any], bytes, dict[str, str]]) -> None:
    """One post, by the streamer's reader and by that of the SMS Forwarder."""
    post, body, headers = sent
    began = time.perf_counter()
    text = readable(gzip.decompress(body) if headers else body).strip()
    batch = within(read_batch(text), text, NOW - OLDEST, NOW + NEWEST)
    spent["reading"] += time.perf_counter() - began
    assert len(batch) == len(post), text
    assert len(messages_alone(text)) == len(post), text
    began = time.perf_counter()
    json.loads(text)
    spent["floor"] += time.perf_counter() - began
    counted["posts"] += 1
    counted["records"] += len(post)


read()
ratio = round(spent["reading"] / spent["floor"], 1)
sys.stdout.write(json.dumps({**counted, "lost": 0, "ratio_to_floor": ratio}) + "\n")
