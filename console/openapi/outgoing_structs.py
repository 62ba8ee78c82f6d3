"""The Structs that the API answers about what is sent outside: channels, deliveries, daily reports."""

import msgspec

from console.notifications.api import Channels, ChannelWithSecret, TestRequested
from console.notifications.bodies import ChangedChannel, NewChannel
from console.notifications.deliveries_reads import Delivery, DeliveryAttempt, DeliveryLog
from console.notifications.on_call import OnCallPerson, PrioritySetting, Rota, Shift
from console.notifications.on_call_api import NewRota, Priorities, StandIn
from console.notifications.on_call_reads import OnCall
from console.notifications.reads import Channel
from console.notifications.rules import Hours
from console.reports.api import HandoverSent
from console.reports.handover import Handover
from console.reports.heartbeats import HeartbeatSetting, OutgoingHeartbeat
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
from console.reports.shift_ends import HandoverSettings

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
    OnCall,
    OnCallPerson,
    NewRota,
    Rota,
    Shift,
    Priorities,
    PrioritySetting,
    StandIn,
    KeptReport,
    DailyReport,
    Handover,
    HandoverSent,
    HandoverSettings,
    OutgoingHeartbeat,
    HeartbeatSetting,
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
