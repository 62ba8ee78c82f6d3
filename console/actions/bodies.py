"""The bodies of requests for actions."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from console.actions.requests import PaymentMethod

REASON = Annotated[
    Annotated[str, Meta(max_length=500)] | None,
    Meta(description="Why, for the audit trail.", examples=["Ticket 4711: firmware update"]),
]


class NewTopUp(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One more pack of data and messages for the SIM, for money."""

    payment_method: Annotated[
        PaymentMethod,
        Meta(description="An account may use only some of them; 1NCE refuses the others.", examples=["creditcard"]),
    ]
    reason: REASON = None
    repeat: Annotated[
        bool, Meta(description="Another one although the SIM was topped up within 10 minutes.", examples=[False])
    ] = False


class NewSms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message to the device. One of more than 160 GSM-7 or 70 UCS-2 characters is sent in parts."""

    payload: Annotated[str, Meta(max_length=2000, description="The text.", examples=["reboot"])]
    source_address: Annotated[
        Annotated[str, Meta(max_length=15)] | None,
        Meta(description="A number, or up to 11 letters and digits.", examples=["4915112345678"]),
    ] = None
    expires_at: Annotated[
        datetime | None,
        Meta(description="When 1NCE gives up; at most 7 days ahead, else a day.", examples=["2026-11-21T10:00:00Z"]),
    ] = None
    fill: Annotated[
        bool,
        Meta(
            description="Put the SIM's own values in the place of `{label}`, `{iccid}`, `{imsi}`, `{msisdn}`, "
            "`{imei}`, `{ip_address}` and the names of its custom fields; refused for a SIM that lacks one.",
            examples=[False],
        ),
    ] = False
    reason: REASON = None


class NewReset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The connection is cut, so that the device connects anew."""

    reason: REASON = None


class NewStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SIM is enabled or disabled."""

    enabled: Annotated[bool, Meta(description="Whether it may use the network.", examples=[True])]
    reason: REASON = None


class NewImeiLock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SIM is locked to the device that it is in, or unlocked."""

    locked: Annotated[bool, Meta(description="Whether it works in this device only.", examples=[True])]
    reason: REASON = None


class NewLabel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SIM's name at 1NCE."""

    label: Annotated[str, Meta(max_length=255, description="Empty removes it.", examples=["pump-1"])]
    reason: REASON = None


class NewReplacement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Label, tags, note and custom fields go to another SIM, and this one is disabled."""

    by: Annotated[
        str,
        Meta(max_length=60, description="The other SIM's ICCID, in any spelling.", examples=["8988228066600000002"]),
    ]
    overwrite: Annotated[
        bool,
        Meta(description="The other SIM may lose a label and custom fields of its own.", examples=[False]),
    ] = False
    reason: REASON = None


class UnpaidOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That a bank transfer was not paid."""

    reason: Annotated[str, Meta(max_length=500, description="How it is known.", examples=["Order 4711 was dropped"])]


class Settled(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person has found out of an action that is unknown."""

    happened: Annotated[bool, Meta(description="Whether 1NCE has done it.", examples=[False])]
    reason: Annotated[
        str, Meta(max_length=500, description="How it is known.", examples=["1NCE's portal shows no such order"])
    ]
