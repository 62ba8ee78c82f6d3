"""The Structs that the API answers about alert rules."""

import msgspec

from console.alert_rules.api import AlertRuleChanges, AlertRules
from console.alert_rules.kinds import RuleParameters
from console.alert_rules.reads import AlertRule
from console.alert_rules.trying import Tried, TriedFiring
from console.alert_rules.writes import NewAlertRule

OF_ALERT_RULES: tuple[type[msgspec.Struct], ...] = (
    AlertRules,
    AlertRule,
    AlertRuleChanges,
    NewAlertRule,
    RuleParameters,
    Tried,
    TriedFiring,
)
