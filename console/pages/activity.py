"""A reader of a live page says that somebody is there: it is never loaded anew, so the session would end as idle."""

from litestar import Router, post


@post("/activity", status_code=204, include_in_schema=False)
async def activity() -> None:
    """A post is a deed: authentication extends the session by it, no more is to be done."""


router = Router("/", route_handlers=[activity])
