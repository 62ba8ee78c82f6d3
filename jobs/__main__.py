"""`python -m jobs` is the worker; `python -m jobs examine` says what 1NCE answers, as JSON. `console` starts both."""

import gc
import sys


def main() -> None:
    """Work, or examine; a fault that a person can mend ends in a sentence."""
    gc.disable()  # until all is imported: to look through it took a tenth of the start; `work` enables it
    from asyncio import run
    from os import environ

    import uvloop
    from msgspec.json import encode
    from redis.exceptions import RedisError
    from sqlalchemy.exc import DBAPIError

    from console import log
    from console.errors import NotReady
    from console.settings import from_environment
    from jobs.examine import examine
    from jobs.worker import work

    settings = from_environment(environ)
    try:
        if sys.argv[1:] == ["examine"]:
            log.set_up(settings.log_level, sys.stderr)
            sys.stdout.write(encode(run(examine(settings))).decode() + "\n")
        else:
            log.set_up(settings.log_level)
            uvloop.run(work(settings))
    except NotReady as error:
        sys.exit(str(error))
    except (OSError, DBAPIError, RedisError) as error:
        sys.exit(f"The worker can't go on, for the database or Redis does not answer: {str(error).splitlines()[0]}")


main()
