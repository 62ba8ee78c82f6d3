"""Decisions about messages that need no database: what is known of one after several reports."""

from collections.abc import Iterable

from msgspec import structs

from console.facts.sms import SMS_OPEN, Sms, SmsStatus

RANK = {SmsStatus.PENDING: 0, SmsStatus.BUFFERED: 1}
FINAL = 2
OF_STATE = frozenset({"status", "final_at", "source"})
OF_BIRTH = frozenset({"iccid", "direction", "id", "time", "other_id"})

Key = tuple[str, str, str]


def keys_of(message: Sms) -> list[Key]:
    """What a message is known by within its organization; the second if 1NCE has reported another id of it."""
    ids = [message.id] if message.other_id is None else [message.id, message.other_id]
    return [(message.iccid, message.direction, one) for one in ids]


def rank(status: str) -> int:
    """How far a message has come."""
    return RANK.get(SmsStatus(status), FINAL) if status in set(SmsStatus) else 0


def merged(before: Sms, report: Sms) -> Sms:
    """The message after this news of it: nothing that was known is lost, and it never goes back.

    The first final state that was reported stays. A report that says nothing new changes nothing, not even `source`.
    """
    known = structs.asdict(before)
    news = {
        name: value
        for name, value in structs.asdict(report).items()
        if name not in OF_STATE | OF_BIRTH and known[name] is None and value is not None
    }
    other = report.id if report.id != before.id else report.other_id
    if before.other_id is None and other is not None and other != before.id:
        news["other_id"] = other
    if rank(report.status) > rank(before.status):
        news["status"] = report.status
    if before.final_at is None and report.final_at is not None and report.status not in SMS_OPEN:
        news["final_at"] = report.final_at
    if not news:
        return before
    if before.submitted_at is None and report.submitted_at is not None:
        news["time"] = report.submitted_at
    return structs.replace(before, **news, source=report.source)


def changed(known: Iterable[Sms], reports: Iterable[Sms]) -> list[Sms]:
    """The messages that this news makes or changes, each once, as they are after all of it."""
    before: dict[Key, Sms] = {}
    names: dict[Key, Key] = {}
    for message in known:
        before[keys_of(message)[0]] = message
        names |= dict.fromkeys(keys_of(message), keys_of(message)[0])
    after = dict(before)
    for one in reports:
        key = next((names[name] for name in keys_of(one) if name in names), keys_of(one)[0])
        after[key] = merged(after[key], one) if key in after else one
        names |= dict.fromkeys([*keys_of(one), *keys_of(after[key])], key)
    return [message for key, message in after.items() if before.get(key) != message]
