"""The page of a bulk action under LIVE: how far it is, and each SIM that is on screen."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.bulk import reads
from console.actions.bulk.rules import NEXT, never_begun
from console.actions.explanations import summary
from console.facts import Fact
from console.facts.actions import ActionChanged, ActionKind
from console.facts.bulk_actions import BulkAction, BulkActionChanged, BulkState
from console.live.pieces import Html, prepend, replace
from console.live.view import Receives, Refresh
from console.pages.sms_composer import TEMPLATES, templates_piece
from console.pages.templating import Fragments


class BulkActionView:
    """How far a bulk action is, and each SIM of it that is on screen."""

    name = "bulk_action"
    receives = Receives(facts=(BulkActionChanged, ActionChanged), topics=("actions",))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """The state of the bulk action; a SIM's result, and with it the counts, at most once a second."""
        if isinstance(fact, BulkActionChanged):
            return [bulk_piece(self._fragments, fact.data)]
        if isinstance(fact, ActionChanged) and fact.data.bulk_action_id is not None:
            bulk_action_id, action = fact.data.bulk_action_id, fact.data
            one = {"iccid": action.iccid, "result": action.state, "explanation": action.explanation}
            row = self._fragments.draw(
                "bulk/_result.html", one={**one, "action_id": action.id}, bulk_action_id=bulk_action_id
            )
            place = f"bulk-{bulk_action_id}-{action.iccid}"
            counts = Refresh(part="bulk", subject=str(bulk_action_id))
            return [replace(place, row, revision=action.revision), counts]
        return []

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """The bulk action with its counts; or the templates, where one is written."""
        if what == TEMPLATES:
            return [await templates_piece(self._fragments, reading, organization_id)]
        found = await reads.one(reading, organization_id, int(what.subject))
        return [bulk_piece(self._fragments, found)] if found else []

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """The templates. Facts that were missed come again."""
        return [TEMPLATES]


def bulk_piece(fragments: Fragments, bulk: BulkAction) -> Html:
    """The head of a bulk action's page."""
    return replace(f"bulk-{bulk.id}", fragments.draw("bulk/_bulk.html", **drawn(bulk)), revision=bulk.revision)


def bulk_row(fragments: Fragments, bulk: BulkAction) -> Html:
    """A bulk action in the list on the page of actions; a plan that nobody has begun is not in it."""
    row, place = fragments.draw("bulk/_row.html", **drawn(bulk)), f"bulk-row-{bulk.id}"
    if never_begun(BulkState(bulk.state), bulk.undo_until):
        return replace(place, row, revision=bulk.revision)
    return prepend("bulk-actions", place, row, revision=bulk.revision)


def drawn(bulk: BulkAction) -> dict[str, Any]:
    """What the fragments of a bulk action need."""
    state, counts = BulkState(bulk.state), bulk.counts
    over, left = not NEXT[state], counts.failed or counts.not_started or counts.cancelled
    again = over and left and not never_begun(state, bulk.undo_until)
    text = summary(ActionKind(bulk.kind), bulk.parameters)
    return {"bulk": bulk, "summary": text, "over": over, "can_be_retried": again}
