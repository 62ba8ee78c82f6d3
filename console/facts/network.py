"""What 1NCE reports of a SIM's network life."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct


class NetworkEvent(Struct, frozen=True, kw_only=True):
    """A network event, as 1NCE wrote it."""

    id: Annotated[str, Meta(description="1NCE's id of the event.", examples=["90210"])]
    iccid: Annotated[
        str | None, Meta(description="The SIM; null if 1NCE named none.", examples=["8988228066600000001"])
    ]
    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T08:00:00Z"])]
    type: Annotated[int | None, Meta(description="1NCE's number of the type.", examples=[3])]
    name: Annotated[str, Meta(description="1NCE's text of the type.", examples=["Create PDP Context"])]
    severity: Annotated[str, Meta(description="`info`, `warn`, `error`, `critical`.", examples=["info"])]
    description: Annotated[
        str, Meta(description="1NCE's description.", examples=["New PDP Context successfully activated."])
    ]
    operator: Annotated[
        str | None, Meta(description="The network that served the SIM.", examples=["Deutsche Telekom"])
    ] = None
    country: Annotated[str | None, Meta(description="ISO 3166 alpha-2, upper case.", examples=["DE"])] = None
    cause: Annotated[str | None, Meta(description="The network's cause, if there was one.")] = None


class NetworkEventReported(Struct, frozen=True, tag_field="type", tag="network.event"):
    """1NCE has reported a network event."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T08:00:00Z"])]
    subject: Annotated[
        str | None, Meta(description="The ICCID; null if 1NCE named no SIM.", examples=["8988228066600000001"])
    ]
    data: Annotated[NetworkEvent, Meta(description="The event.")]
