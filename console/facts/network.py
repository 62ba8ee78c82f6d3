"""What 1NCE reports of a SIM's network life."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct


class NetworkEvent(Struct, frozen=True, kw_only=True):
    """A network event, as 1NCE wrote it."""

    id: Annotated[str, Meta(description="1NCE's id of the event.")]
    iccid: Annotated[str | None, Meta(description="The SIM; null if 1NCE named none.")]
    time: Annotated[datetime, Meta(description="When it happened.")]
    type: Annotated[int | None, Meta(description="1NCE's number of the type.")]
    name: Annotated[str, Meta(description="1NCE's text of the type.")]
    severity: Annotated[str, Meta(description="`info`, `warn`, `error`, `critical`.")]
    description: Annotated[str, Meta(description="1NCE's description.")]
    operator: Annotated[str | None, Meta(description="The network that served the SIM.")] = None
    country: Annotated[str | None, Meta(description="ISO 3166 alpha-2, upper case.")] = None
    cause: Annotated[str | None, Meta(description="The network's cause, if there was one.")] = None


class NetworkEventReported(Struct, frozen=True, tag_field="type", tag="network.event"):
    """1NCE has reported a network event."""

    time: Annotated[datetime, Meta(description="When it happened.")]
    subject: Annotated[str | None, Meta(description="The ICCID; null if 1NCE named no SIM.")]
    data: Annotated[NetworkEvent, Meta(description="The event.")]
