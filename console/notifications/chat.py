"""Sends a notification to a service for chats, phones or pagers, by apprise (the extra `chat`), in the worker alone.

Where a channel leads is said as apprise writes it: `slack://token_a/token_b/token_c`. Only services whose hosts are
fixed are allowed, so that no channel leads into a private network; redirects are not followed. apprise says whether a
service has taken a message and not what it answered: what it did not take may have arrived.
"""

import asyncio
import logging
import re
from urllib.parse import parse_qsl

from console.errors import Invalid
from console.facts.alerts import Severity
from console.notifications.deliveries_rules import AttemptOutcome, Ended
from console.notifications.deliveries_writes import Claimed
from console.settings import Settings

# What addresses begin with, and the services' names. Teams has a host of each customer's below these names.
SERVICES = {
    "slack": "Slack",
    "workflows": "Microsoft Teams",
    "pagerduty": "PagerDuty",
    "opsgenie": "Opsgenie",
    "discord": "Discord",
    "gchat": "Google Chat",
    "tgram": "Telegram",
    "wxteams": "Webex",
    "pover": "Pushover",
}
TEAMS_HOST = re.compile(r"[a-z0-9.-]+\.(logic\.azure\.com|api\.powerplatform\.com)(:443)?", re.IGNORECASE)
OPTIONS = frozenset({"region", "ver"})  # others change where and how apprise sends
ADDRESS = re.compile(r"([a-z]+)://([!-~]{8,1900})")
SECONDS = 20.0
TYPES = {Severity.CRITICAL: "failure", Severity.WARNING: "warning", Severity.INFO: "info"}
MISSING = "The worker lacks the extra chat: pip install 'sim-console[chat]'"


def check_chat(text: str) -> str:
    """The address of a service, without blanks around it. Raises Invalid for one that is not allowed."""
    found = ADDRESS.fullmatch(text.strip())
    if found is None or found[1] not in SERVICES:
        allowed = ", ".join(f"{scheme}:// ({name})" for scheme, name in SERVICES.items())
        raise Invalid(f"A chat's address is as apprise writes it, and begins with one of {allowed}")
    rest, _, query = found[2].partition("?")
    if "#" in rest or {name for name, _ in parse_qsl(query, keep_blank_values=True)} - OPTIONS:
        raise Invalid(f"A chat's address has no options but {' and '.join(sorted(OPTIONS))}")
    if found[1] == "workflows" and not TEAMS_HOST.fullmatch(rest.partition("/")[0]):
        raise Invalid("The address of a workflow of Teams has a host of logic.azure.com or api.powerplatform.com")
    return found[0]


def shown_chat(checked: str) -> str:
    """The part of an address that people may see: the rest is a secret."""
    return f"{SERVICES[checked.partition('://')[0]]} …"


async def send(settings: Settings, address: str, claimed: Claimed) -> Ended:
    """Make one attempt."""
    try:
        import apprise
    except ImportError:
        return Ended(outcome=AttemptOutcome.FAILED, answer=MISSING)
    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)  # what they say below it has whole addresses
    asset = apprise.AppriseAsset(app_id="sim-console", http_redirects=False, secure_logging=True, plugin_paths=[])
    service = apprise.Apprise.instantiate(check_chat(address), asset=asset, suppress_exceptions=True)
    if service is None:
        return Ended(outcome=AttemptOutcome.FAILED, answer="apprise can't read this address", permanent=True)
    what = claimed.notification
    origin = next(iter(settings.public_origin), "")
    lines = [what.text, f"{origin}{what.path}" if origin and what.path else "", f"{what.time:%Y-%m-%d %H:%M:%S} UTC"]
    if claimed.may_repeat:
        lines.append(f"May have come before ({claimed.message_id}).")
    sending = asyncio.to_thread(
        service.notify,
        title=f"[{what.severity}] {what.title}"[:200],
        body="\n".join(line for line in lines if line)[:2_000],
        notify_type=TYPES[what.severity],
    )
    try:
        async with asyncio.timeout(SECONDS):
            taken = await sending
    except TimeoutError:
        return Ended(outcome=AttemptOutcome.IN_DOUBT, answer=f"No answer within {SECONDS:.0f} s")
    if taken:
        return Ended(outcome=AttemptOutcome.DELIVERED, answer=f"{shown_chat(address).removesuffix(' …')} has taken it")
    return Ended(outcome=AttemptOutcome.IN_DOUBT, answer="The service has not confirmed it")
