"""What the pages of administration share: a page without parts of its own, and how forms are read."""

from typing import Annotated, Any, TypeVar

from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.live.view import View
from console.organizations.rules import Caller
from console.pages.layout import LayoutView, layout_context

Fields = TypeVar("Fields")
Form = Annotated[Fields, Body(media_type=RequestEncodingType.URL_ENCODED)]
FORM_BYTES = 16 * 1024
SECRET = {"Cache-Control": "no-store"}  # of answers that show a secret


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

    Without a `view` of its own nothing but the layout is live.
    """
    layout = await layout_context(reading, caller, live_since, view)
    return Template(
        template,
        context={**layout, **context, "here": name},
        status_code=status,
        headers=SECRET if secret else None,
    )
