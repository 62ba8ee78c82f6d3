"""The Structs that the API answers, by name."""

import msgspec

from console.actions import bodies
from console.actions.approvals import ApprovalDetail, SimChange
from console.actions.approving import ApprovalRule
from console.actions.auto_top_ups import AutoTopUp, AutoTopUpSetting
from console.actions.auto_topping_up import AutoTopUps
from console.actions.budgeting import Budgets, NewBudgets, PriceSetting
from console.actions.budgets import BudgetLimit
from console.actions.bulk.approvals_api import Decision, NewApprovalRule
from console.actions.bulk.bodies import NewBulkAction
from console.actions.bulk.plan import BulkPlan, CanarySim, ExcludedCount, HitShare
from console.actions.bulk.reads import BulkResult
from console.actions.orders_api import NewTicket
from console.actions.spending import Budget, BudgetUse
from console.alerts.api import AlertDetail
from console.alerts.commands import Acknowledgement, Assignment, Comment, Resolution
from console.alerts.hints import Hint
from console.alerts.paging import Escalation
from console.alerts.reads import AlertCounts, AlertEvent, AlertSubject
from console.api_keys.api import ApiKeys, MadeApiKey, NewApiKey
from console.api_keys.reads import ApiKey
from console.api_keys.rules import KeyPolicy
from console.audit.rules import AuditLine
from console.carrier.api import Products
from console.carrier.orders import Order, OrderedProduct
from console.carrier.products import Charge, Product, TopUpPrice
from console.carrier.tickets import Communication, Ticket
from console.facts.actions import Action, ActionStep
from console.facts.alerts import Alert
from console.facts.approvals import Approval, ApprovalGiven
from console.facts.bulk_actions import BulkAction, BulkCounts
from console.facts.carrier import CarrierStatus, CircuitStatus, Operation
from console.facts.flags import FlagState
from console.facts.jobs import JobRun
from console.facts.sims import SimState
from console.facts.streamer import StreamerStatus
from console.health import Health, HealthCheck, Liveness
from console.members.api import MemberChanges, Members, NewInvitation, NewLink
from console.members.flags_api import FlagChange, Flags
from console.members.group_roles import GroupRole
from console.members.groups_api import GroupRoles, NewGroupRole
from console.members.one_time_links import Link
from console.members.own_organization import OrganizationChanges, Organizations, WhoAmI
from console.members.program_sessions import LogIn, Refresh, Tokens
from console.members.reads import Member
from console.openapi.alert_structs import OF_ALERT_RULES
from console.openapi.outgoing_structs import OF_OUTGOING
from console.openapi.sim_structs import OF_SIMS
from console.organizations.reads import OrganizationSettings
from console.polling.report import Polling, PollingShare
from console.quotas.api import QuotaForecast, QuotaForecasts
from console.runs.api import Jobs
from console.runs.reads import JobState
from console.runs.rules import RunRequest
from console.sessions.api import Sessions
from console.sessions.reads import Session
from console.silences.api import MaintenanceWindows, Silences
from console.silences.bodies import NewSilence, WindowSetting
from console.silences.reads import MaintenanceWindow, Silence
from console.silences.rules import Matcher
from console.sims.watching_api import NewWatch, SimChanges, WatchedSim
from console.sims.watching_rules import SyncRequest, WatchRequest
from console.streamer.posts_reads import Waiting
from console.streamer.reads import Streamer, UnknownSpan
from console.usage.api import Usage
from console.usage.reads import UsageBucket

ALL: tuple[type[msgspec.Struct], ...] = (
    Silence,
    Silences,
    NewSilence,
    MaintenanceWindow,
    MaintenanceWindows,
    WindowSetting,
    Matcher,
    *OF_OUTGOING,
    LogIn,
    Refresh,
    Tokens,
    SimState,
    NewWatch,
    SimChanges,
    WatchedSim,
    WatchRequest,
    SyncRequest,
    Action,
    ActionStep,
    bodies.NewTopUp,
    bodies.NewSms,
    bodies.NewReset,
    bodies.NewStatus,
    bodies.NewImeiLock,
    bodies.NewLabel,
    bodies.NewReplacement,
    NewTicket,
    AutoTopUp,
    AutoTopUps,
    AutoTopUpSetting,
    NewBulkAction,
    BulkPlan,
    ExcludedCount,
    HitShare,
    CanarySim,
    BulkAction,
    BulkCounts,
    BulkResult,
    Approval,
    ApprovalDetail,
    SimChange,
    ApprovalGiven,
    ApprovalRule,
    NewApprovalRule,
    Decision,
    bodies.Settled,
    bodies.UnpaidOrder,
    Alert,
    AlertCounts,
    AlertDetail,
    Escalation,
    Hint,
    AlertEvent,
    AlertSubject,
    Acknowledgement,
    Assignment,
    Comment,
    Resolution,
    *OF_ALERT_RULES,
    Budgets,
    NewBudgets,
    PriceSetting,
    QuotaForecast,
    QuotaForecasts,
    Budget,
    BudgetLimit,
    BudgetUse,
    Products,
    Product,
    Charge,
    TopUpPrice,
    Order,
    OrderedProduct,
    Ticket,
    Communication,
    *OF_SIMS,
    Usage,
    UsageBucket,
    CarrierStatus,
    CircuitStatus,
    Operation,
    Jobs,
    JobState,
    RunRequest,
    JobRun,
    Polling,
    PollingShare,
    Streamer,
    StreamerStatus,
    Waiting,
    UnknownSpan,
    Health,
    HealthCheck,
    Liveness,
    WhoAmI,
    Members,
    Member,
    AuditLine,
    Flags,
    FlagState,
    FlagChange,
    GroupRole,
    GroupRoles,
    NewGroupRole,
    MemberChanges,
    NewInvitation,
    NewLink,
    Link,
    Sessions,
    Session,
    ApiKeys,
    ApiKey,
    NewApiKey,
    KeyPolicy,
    MadeApiKey,
    Organizations,
    OrganizationSettings,
    OrganizationChanges,
)
STRUCTS = {one.__name__: one for one in ALL}
