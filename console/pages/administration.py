"""What the pages of administration share: a page without parts of its own, and how forms are read."""

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.errors import Invalid
from console.live.view import View
from console.organizations.rules import Caller
from console.pages.layout import LayoutView, layout_context

Fields = TypeVar("Fields")
Form = Annotated[Fields, Body(media_type=RequestEncodingType.URL_ENCODED)]
FORM_BYTES = 16 * 1024
ALWAYS_SO = ("help", "roles")  # pages that nobody can change
SECRET = {"Cache-Control": "no-store"}  # of answers that show a secret


def revision_of(text: str) -> int | None:
    """The revision of what a form was drawn from; None where it says none. Raises Invalid."""
    text = text.strip()
    if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid("The form does not say of which revision it is: load the page again", parameter="revision")
    return int(text) if text else None


async def page(
    reading: AsyncConnection,
    caller: Caller,
    live_since: str,
    name: str,
    template: str,
    *,
    view: type[View] = LayoutView,
    status: int = 200,
    secret: bool = False,
    **context: Any,
) -> Template:
    """A page of administration, inside the layout. `secret`: it shows something that nothing may keep.

    Without a `view` of its own nothing but the layout is live: the page says as of when it is. An answer to a form
    does not, for to load that again would send the form.
    """
    layout = await layout_context(reading, caller, live_since, view)
    still = view is LayoutView and status == 200 and not secret and name not in ALWAYS_SO
    return Template(
        template,
        context={**layout, **context, "here": name, "still_since": datetime.now(UTC) if still else None},
        status_code=status,
        headers=SECRET if secret else None,
    )
