"""Actions on SIMs. None is repeated because its answer was lost.

When `Unavailable.maybe_done` or `Unexpected.maybe_done` is true, the action may have been carried out: check
before repeating it. A top-up is proved by the rise of `Quota.accumulated`, a message by its place in the list.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import json

from console import iccid as iccids
from console.once import operations
from console.once.http.exchange import BeforeSending, send_at_once
from console.once.http.rate_limit import CallPriority
from console.once.http.requester import Requester
from console.once.models import Sim
from console.once.wire.reading import as_part, created, read
from console.once.wire.shapes import CreatedSmsShape
from console.once.wire.times import write_time

_created = json.Decoder(CreatedSmsShape)


class Payment(StrEnum):
    """How a top-up is paid. Only some may be allowed, and 1NCE takes BANK_TRANSFER for one left out."""

    BANK_TRANSFER = "banktransfer"
    CREDIT_CARD = "creditcard"
    MONTHLY_INVOICE = "monthlyinvoice"
    BOLETO = "boleto"


class SourceAddressType(StrEnum):
    """What the sender's address of a message is."""

    INTERNATIONAL = "145"
    NATIONAL = "161"
    ALPHANUMERIC = "208"


class Commands:
    """The actions of one organization, as `OnceClient.commands`; before polls unless `priority` says otherwise.

    `before_sending` is awaited immediately before each request is written; what it raises prevents the request.
    """

    def __init__(self, requester: Requester) -> None:
        self._requester = requester

    async def configure(
        self,
        current: Sim,
        *,
        label: str | None = None,
        imei_lock: bool | None = None,
        enabled: bool | None = None,
        priority: CallPriority = CallPriority.COMMAND,
    ) -> None:
        """Change a SIM's label, IMEI lock or status; what is None stays as it is. An empty label removes it.

        `PUT /v2/sims/{iccid}`.

        `current` must have been read from 1NCE just now: it is unknown whether 1NCE resets what is missing, so
        all fields are sent every time. An IMEI lock ends a running session.
        """
        if enabled is None and current.status not in ("enabled", "disabled"):
            raise ValueError(f"SIM {current.iccid} has the status {current.status!r}: say whether it is to be enabled")
        on = enabled if enabled is not None else current.status == "enabled"
        body = {
            "iccid": current.iccid,
            "label": label if label is not None else current.label or "",
            "imei_lock": imei_lock if imei_lock is not None else current.imei_lock or False,
            "status": "Enabled" if on else "Disabled",
        }
        await self._requester.call(operations.CONFIGURE, priority=priority, body=body, iccid=current.iccid)

    async def reset(
        self,
        iccid: str,
        *,
        priority: CallPriority = CallPriority.COMMAND,
        before_sending: BeforeSending = send_at_once,
    ) -> None:
        """Cut the SIM's connection so that the device connects anew. 1NCE queues it: the effect comes later.

        `POST /v2/sims/{iccid}/reset`; it works as a suspension and an activation, so events of both follow.
        """
        await self._requester.call(
            operations.RESET, priority=priority, before_sending=before_sending, iccid=iccids.parse(iccid)
        )

    async def send_sms(
        self,
        iccid: str,
        payload: str,
        *,
        source_address: str,
        source_address_type: SourceAddressType = SourceAddressType.NATIONAL,
        dcs: int = 0,
        udh: str | None = None,
        expires_at: datetime | None = None,
        priority: CallPriority = CallPriority.COMMAND,
        before_sending: BeforeSending = send_at_once,
    ) -> str:
        """Send one part of a message to the device; the id that 1NCE gave it. `POST /v2/sims/{iccid}/sms`.

        `dcs` 0 is GSM 7-bit, 4 binary with the payload in hex, 8 UCS-2. At most 7 days may pass until `expires_at`, and
        a day does if it is None. The id may differ from the one in lists: compare payload and time as well.
        """
        body: dict[str, Any] = {
            "payload": payload,
            "source_address": source_address,
            "source_address_type": {"id": int(source_address_type)},
            "dcs": dcs,
        }
        if udh:
            body["udh"] = udh
        if expires_at is not None:
            body["expiry_date"] = write_time(expires_at)
        answer = await self._requester.call(
            operations.SEND_SMS,
            priority=priority,
            body=body,
            before_sending=before_sending,
            iccid=iccids.parse(iccid),
        )
        return str(read(answer, _created.decode, maybe_done=True).id)

    async def cancel_sms(
        self,
        iccid: str,
        sms_id: str,
        *,
        priority: CallPriority = CallPriority.COMMAND,
        before_sending: BeforeSending = send_at_once,
    ) -> None:
        """Withdraw a message that is still pending. `DELETE /v2/sims/{iccid}/sms/{id}`.

        Raises NotFound or another Refused when it is delivered: 1NCE does not document which.
        """
        await self._requester.call(
            operations.CANCEL_SMS,
            priority=priority,
            before_sending=before_sending,
            iccid=iccids.parse(iccid),
            id=as_part(sms_id),
        )

    async def top_up(
        self,
        iccid: str,
        payment: Payment,
        *,
        priority: CallPriority = CallPriority.COMMAND,
        before_sending: BeforeSending = send_at_once,
    ) -> str | None:
        """Buy one more pack of data and messages for the SIM: real money. The order's number, if 1NCE returns it.

        `POST /v2/sims/{iccid}/topup`: a pack is classically 500 MB and 250 messages; there is no choice of amount.
        The volume can be used when it is paid: at once by card, days later by bank transfer.
        """
        params = {"payment_method": payment.value}
        answer = await self._requester.call(
            operations.TOP_UP,
            priority=priority,
            params=params,
            before_sending=before_sending,
            iccid=iccids.parse(iccid),
        )
        return created(answer)
