"""The tables as one would write them with SQLAlchemy's ORM, for the FastAPI peer and in its environment."""

# mypy: ignore-errors
from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import Text

Moment = datetime | None
Words = str | None
Number = int | None


class Table(DeclarativeBase):
    type_annotation_map: ClassVar = {
        datetime: TIMESTAMP(timezone=True),
        int: BigInteger,
        list[str]: ARRAY(Text),
        dict: JSONB,
    }


class Organization(Table):
    __tablename__ = "organizations"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class ApiKey(Table):
    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int]
    scopes: Mapped[list[str]]
    networks: Mapped[list[str]]
    secret_hash: Mapped[bytes]
    revoked_at: Mapped[Moment]
    expires_at: Mapped[Moment]


WORDS = (
    "label status connection imsi msisdn imei ip_address operator country rat apn cell data_quota sms_quota source note"
).split()
NUMBERS = "data_left_bytes data_total_bytes sms_left sms_total".split()
MOMENTS = "session_started_at last_seen_at data_expires_at activated_at confirmed_at changed_at".split()
FIELDS = {
    **dict.fromkeys(WORDS, Words),
    **dict.fromkeys(NUMBERS, Number),
    **dict.fromkeys(MOMENTS, Moment),
    "imei_lock": bool | None,
    "missing": bool,
    "tags": list[str],
    "custom_fields": dict,
    "edits": int,
    "watched": bool,
    "revision": int,
}
Sim = type(
    "Sim",
    (Table,),
    {
        "__tablename__": "sim_states",
        "organization_id": mapped_column(primary_key=True),
        "iccid": mapped_column(primary_key=True),
        "__annotations__": {
            "organization_id": Mapped[int],
            "iccid": Mapped[str],
            **{name: Mapped[kind] for name, kind in FIELDS.items()},
        },
    },
)


class Day(Table):
    __tablename__ = "usage_daily"
    organization_id: Mapped[int] = mapped_column(primary_key=True)
    iccid: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[datetime] = mapped_column(primary_key=True)
    data_bytes: Mapped[int]
    derived_bytes: Mapped[int]
    sms: Mapped[int]


class Event(Table):
    __tablename__ = "network_events"
    organization_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[datetime] = mapped_column(primary_key=True)
    iccid: Mapped[Words]
    type: Mapped[Number]
    name: Mapped[str]
    severity: Mapped[str]
    description: Mapped[str]
    operator: Mapped[Words]
    country: Mapped[Words]
    cause: Mapped[Words]
    sent: Mapped[Words]
