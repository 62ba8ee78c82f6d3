"""The Structs that the API answers about what is sent outside: channels, deliveries, daily reports."""

import msgspec

from console.notifications.api import Channels, ChannelWithSecret, TestRequested
from console.notifications.bodies import ChangedChannel, NewChannel
from console.notifications.deliveries.reads import Delivery, DeliveryAttempt, DeliveryLog
from console.notifications.reads import Channel
from console.notifications.rules import Hours
from console.reports.handover import Handover
from console.reports.reads import KeptReport
from console.reports.rules import (
    AlertFigures,
    AuditFigures,
    DailyReport,
    FleetFigures,
    ReportedAlert,
    ReportSettings,
    SimUsed,
    SpendFigures,
    Spent,
    UsageFigures,
)

OF_OUTGOING: tuple[type[msgspec.Struct], ...] = (
    Channel,
    Channels,
    ChannelWithSecret,
    NewChannel,
    ChangedChannel,
    TestRequested,
    Hours,
    Delivery,
    DeliveryAttempt,
    DeliveryLog,
    KeptReport,
    DailyReport,
    Handover,
    FleetFigures,
    UsageFigures,
    SimUsed,
    SpendFigures,
    Spent,
    AlertFigures,
    ReportedAlert,
    AuditFigures,
    ReportSettings,
)
