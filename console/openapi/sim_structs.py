"""The Structs that the API answers about what a SIM does: its network, quotas, messages and diagnosis."""

import msgspec

from console.actions.bulk.plan import FilledText
from console.actions.diagnosing import Diagnosis
from console.actions.findings import Evidence, Finding, Helped
from console.connectivity.reads import StatusChange
from console.facts.network import NetworkEvent
from console.facts.sms import Sms
from console.quotas.reads import Quota
from console.quotas.reconciliation import Difference
from console.sims.annotations_api import NewSimImport, SimImports
from console.sims.imports import ImportChange, ImportFault, SimImport, SimValues
from console.sims.saved_views_api import NewSavedView, SavedViews
from console.sims.saved_views_rules import SavedView
from console.sms.templates import SmsTemplate
from console.sms.templates_api import NewSmsTemplate, SmsTemplates

OF_SIMS: tuple[type[msgspec.Struct], ...] = (
    StatusChange,
    NetworkEvent,
    Quota,
    Difference,
    Sms,
    SavedView,
    SavedViews,
    NewSavedView,
    SimImport,
    SimImports,
    NewSimImport,
    ImportChange,
    ImportFault,
    SimValues,
    SmsTemplate,
    SmsTemplates,
    NewSmsTemplate,
    FilledText,
    Diagnosis,
    Finding,
    Evidence,
    Helped,
)
