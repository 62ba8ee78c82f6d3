"""`python -m jobs` is the worker; `python -m jobs examine` says what 1NCE answers, as JSON. `console` starts both."""

import asyncio
import os
import sys

import msgspec
import uvloop
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from console import log
from console.errors import NotReady
from console.settings import from_environment
from jobs.examine import examine
from jobs.worker import work

settings = from_environment(os.environ)
try:
    if sys.argv[1:] == ["examine"]:
        log.set_up(settings.log_level, sys.stderr)
        sys.stdout.write(msgspec.json.encode(asyncio.run(examine(settings))).decode() + "\n")
    else:
        log.set_up(settings.log_level)
        uvloop.run(work(settings))
except NotReady as error:
    sys.exit(str(error))
except (OSError, DBAPIError, RedisError) as error:
    sys.exit(f"The worker can't go on, for the database or Redis does not answer: {str(error).splitlines()[0]}")
