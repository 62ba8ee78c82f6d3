"""Mails one user that an approval waits for them, or how what they asked for was decided."""

from console.actions import approvals
from console.actions.explanations import summary
from console.carrier.money import money
from console.facts.actions import ActionKind
from console.facts.approvals import Approval, ApprovalState
from console.facts.masking import masked_approval
from console.members.reads import caller_of_member
from console.notifications.plain_mail import send_mail
from console.organizations.rules import Permission
from console.users.reads import mail_address_of
from jobs.run import Run, by_organization

ENDED = (ApprovalState.CANCELLED, ApprovalState.EXPIRED)


@by_organization(needs_once=False, alone=False)
async def mail_approval(run: Run, approval_id: int, user_id: int) -> None:
    """The link opens the approval's page; to decide needs a sign-in and a click there.

    Nobody is mailed about what has ended by itself, who may no longer decide, or without a mail server.
    """
    known = run.worker.settings
    async with run.db.reading() as reading:
        approval = await approvals.one(reading, run.organization_id, approval_id)
        member = await caller_of_member(reading, run.organization_id, user_id)
        address = await mail_address_of(reading, user_id)
    if approval is None or approval.state in ENDED or member is None or address is None or known.smtp_url is None:
        return
    pending = approval.state == ApprovalState.PENDING
    if pending and not member.may(Permission.BUDGETS_WRITE):
        return
    approval = approval if member.sees_identifiers else masked_approval(approval)
    what = f"{summary(ActionKind(approval.kind), approval.parameters)[:80]}, {_sims(approval)}"
    said = "An approval waits" if pending else f"It is {approval.state}"
    page = f"{known.public_origin[0] if known.public_origin else ''}/approvals/{approval.id}"
    await send_mail(known, address, f"{said}: {what} ({member.organization})", text(approval, what, page))
    run.counted(seen=1)


def text(approval: Approval, what: str, page: str) -> str:
    """What is asked for, by whom and why, its price, and where it is decided."""
    lines = [what, "", f"Asked for by {approval.requested_by}: {approval.reason}", f"Why it needs it: {approval.why}"]
    if approval.kind == ActionKind.TOP_UP:
        known = approval.price_minor is not None
        lines.append(f"Price of all: {money(approval.price_minor, approval.currency) if known else 'not known'}")
    if approval.state == ApprovalState.PENDING:
        lines += ["", f"It waits until {approval.expires_at:%Y-%m-%d %H:%M} UTC. To decide, open:", page]
        lines += ["", "Opening the page decides nothing."]
    else:
        reason = f": {approval.decision_reason}" if approval.decision_reason else ""
        lines += ["", f"It was {approval.state} by {approval.decided_by}{reason}", page]
    return "\n".join(lines) + "\n"


def _sims(approval: Approval) -> str:
    return "1 SIM" if approval.sims == 1 else f"{approval.sims:,} SIMs"
