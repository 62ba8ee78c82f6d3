"""What is asked of each server."""

from msgspec import Struct


class Case(Struct, frozen=True, kw_only=True):
    """One request: its path, in which `{}` is a SIM's ICCID."""

    path: str
    page: bool = False  # of the console alone, by a browser
    cookie: bool = False
    unchanged: bool = False  # asked for again, with its ETag
    gzip: bool = False
    anew: bool = False  # asked each time as nobody has asked before, so that nothing kept answers it


CASES = {
    "list": Case(path="/api/v1/sims?page_size=50", anew=True),
    "list, kept": Case(path="/api/v1/sims?page_size=50"),
    "list, gzip": Case(path="/api/v1/sims?page_size=50", gzip=True, anew=True),
    "list, unchanged": Case(path="/api/v1/sims?page_size=50", unchanged=True),
    "list, filtered": Case(path="/api/v1/sims?country=DE&connection=online&page_size=50", anew=True),
    "search": Case(path="/api/v1/sims?q=pump-berlin&page_size=50", anew=True),
    "one SIM": Case(path="/api/v1/sims/{}", anew=True),
    "one SIM, unchanged": Case(path="/api/v1/sims/{}", unchanged=True),
    "usage of a SIM": Case(path="/api/v1/sims/{}/usage"),
    "events of a SIM": Case(path="/api/v1/sims/{}/events?page_size=50", anew=True),
    "sign-in page": Case(path="/sign-in", page=True),
    "SIM list page": Case(path="/sims", page=True, cookie=True),
}
