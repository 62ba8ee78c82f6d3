"""What an alert is about, in a sentence."""

from console.alert_rules.kinds import KINDS, RuleKind
from console.alert_rules.reads import AlertRule
from console.alerts.grouping import FLEET


def title_of_one(rule: AlertRule, name: str, value: str | None) -> str:
    """Of a single SIM, job, budget, ...: "Data quota low: pump-1, 4.2 of 500 MB left"."""
    text = KINDS[rule.kind].text
    return f"{text}: {name}, {value}" if value and name else f"{text}: {value or name}"


def title_of_group(rule: AlertRule, key: str, sims: int) -> str:
    """Of SIMs: "1,204 SIMs on Deutsche Telekom (DE): no contact"."""
    many = f"{sims:,} SIM{'' if sims == 1 else 's'}{_where(key)}"
    if rule.kind is RuleKind.SHARE_LEFT:
        return f"{many} left the network within {rule.parameters.minutes} minutes"
    text = KINDS[rule.kind].text
    return f"{many}: {text[0].lower() if not text[1].isupper() else text[0]}{text[1:]}"


def _where(key: str) -> str:
    kind, _, rest = key.partition(":")
    if key == FLEET or not rest.strip("/"):
        return ""
    if kind == "country":
        return f" in {rest}"
    if kind == "tag":
        return f" with the tag {rest}"
    country, _, operator = rest.partition("/")
    if kind == "area":
        operator, _, area = operator.rpartition("/")
        return f" in cell area {area} of {operator}{f' ({country})' if country else ''}"
    return f" on {operator} ({country})" if country and operator else f" on {operator or country}"
