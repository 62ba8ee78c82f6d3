"""What people and programs send about channels."""

from typing import Annotated

from msgspec import Meta, Struct

from console.facts.alerts import Severity
from console.notifications.rules import ChannelKind, Hours

Target = Annotated[
    str,
    Meta(
        description="An https address; mail addresses by comma; a chat's address as apprise writes it.",
        examples=["ada@example.com, otto@example.com"],
        max_length=3_000,
    ),
]


class ChannelSetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a channel is called, which alerts it takes, and when."""

    name: Annotated[str, Meta(description="What it is called.", examples=["On-call"])]
    least_severity: Annotated[Severity, Meta(description="It takes alerts that are at least so urgent.")] = (
        Severity.WARNING
    )
    tags: Annotated[
        list[str], Meta(description="It takes alerts with one of these; none: all.", examples=[["pumps"]])
    ] = []
    hours: Annotated[
        Hours | None, Meta(description="When it takes notifications: others wait for the next time. Null: always.")
    ] = None
    send_resolved: Annotated[
        bool, Meta(description="Whether it is also informed that an alert has resolved.", examples=[True])
    ] = True
    digest: Annotated[
        bool, Meta(description="Whether what has waited for its hours is sent as one.", examples=[False])
    ] = False
    by_route: Annotated[
        bool,
        Meta(
            description="Whether it takes alerts by its route; else what names it: on-call pages, reports, tests.",
            examples=[True],
        ),
    ] = True
    enabled: Annotated[bool, Meta(description="Whether it takes notifications at all.", examples=[True])] = True


class NewChannel(ChannelSetting, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel to be made."""

    kind: Annotated[ChannelKind, Meta(description="How it is reached.", examples=["mail"])]
    target: Target


class ChangedChannel(ChannelSetting, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a channel is to be from now on; what is left out has its usual value."""

    target: Annotated[Target | None, Meta(description="Where it leads from now on; null: where it led before.")] = None
