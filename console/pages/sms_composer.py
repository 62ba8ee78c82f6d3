"""The templates beside the text of a message that somebody writes, as they are made, changed and removed."""

from sqlalchemy.ext.asyncio import AsyncConnection

from console.live.pieces import Html, replace
from console.live.view import Refresh
from console.pages.templating import Fragments
from console.sms import reads

TEMPLATES = Refresh(part="templates")
EVERY_SECONDS = 2.0  # no fact reports a template


async def templates_piece(fragments: Fragments, reading: AsyncConnection, organization_id: int) -> Html:
    """The list of templates as it is now; what was typed or chosen stands beside it."""
    found = await reads.templates(reading, organization_id)
    return replace("sms-templates", fragments.draw("sms/_templates.html", templates=found))
