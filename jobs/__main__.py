"""`python -m jobs` is the worker; `python -m jobs examine` says what 1NCE answers, as JSON. `console` starts both."""

import asyncio
import os
import sys

import msgspec
import uvloop

from console import log
from console.settings import from_environment
from jobs.examine import examine
from jobs.worker import work

settings = from_environment(os.environ)
if sys.argv[1:] == ["examine"]:
    sys.stdout.write(msgspec.json.encode(asyncio.run(examine(settings))).decode() + "\n")
else:
    log.set_up(settings.log_level)
    uvloop.run(work(settings))
