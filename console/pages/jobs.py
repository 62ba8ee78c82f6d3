"""What the workers do and have done."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from console.auth.rules import Caller
from console.pages.layout import LayoutView, common
from console.runs import reads
from console.store.database import Database

RUNS = 50
Asked = Annotated[str, QueryParameter(max_length=50)]
StateAsked = Annotated[str, QueryParameter(name="state", max_length=50)]  # Litestar keeps the plain name for itself


@get("/jobs", include_in_schema=False)
async def jobs(
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    live_since: NamedDependency[str],
    job: Asked = "",
    ended: StateAsked = "",
) -> Template:
    """The schedule with the last run of each job, and the last runs."""
    now = datetime.now(UTC)
    async with db.reading() as reading:
        context = {
            **await common(reading, caller, live_since, LayoutView, ["jobs"]),
            "here": "jobs",
            "jobs": await reads.schedule(reading, caller.organization_id, now),
            "runs": await reads.runs(reading, caller.organization_id, job=job or None, state=ended or None, limit=RUNS),
            "query": {"job": job, "state": ended},
            "as_of_time": now,
        }
    return Template("jobs/jobs.html", context=context)


router = Router("/", route_handlers=[jobs])
