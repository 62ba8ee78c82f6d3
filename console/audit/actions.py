"""The one table of what can be done: the names that the audit trail uses, and the permission that each needs."""

from msgspec import Struct

from console.organizations.rules import Permission


class ActionKind(Struct, frozen=True):
    """What can be done, by its name `<noun>.<verb>`, and how people read it."""

    name: str
    text: str
    permission: Permission | None = None  # None: no permission of an organization decides about it
    proof: bool = False  # whether the user of a session must have proved within PROOF_LASTS that it is they


KINDS = (
    ActionKind("request.send", "Send a request that is not allowed"),
    ActionKind("session.begin", "Sign in"),
    ActionKind("session.first_step", "Give the password, before the second factor"),
    ActionKind("session.prove", "Prove again that it is you"),
    ActionKind("session.refresh", "Refresh the tokens of a program's session"),
    ActionKind("session.end", "Sign out"),
    ActionKind("session.end_by_provider", "End sessions because the identity provider signs somebody out"),
    ActionKind("sim.watch", "Watch a SIM", Permission.SIMS_WRITE),
    ActionKind("sim.unwatch", "Stop watching a SIM", Permission.SIMS_WRITE),
    ActionKind("sim.edit", "Change a SIM's tags, note or custom fields", Permission.SIMS_WRITE),
    ActionKind("sim.sync", "Ask 1NCE about a SIM", Permission.SIMS_ACT),
    ActionKind("sim.top_up", "Top up a SIM", Permission.SIMS_SPEND, proof=True),
    ActionKind("sim.reset", "Reset a SIM's connection", Permission.SIMS_ACT),
    ActionKind("sim.enable", "Enable or disable a SIM", Permission.SIMS_ACT),
    ActionKind("sim.lock", "Lock a SIM to its device, or unlock it", Permission.SIMS_ACT),
    ActionKind("sim.label", "Change a SIM's label", Permission.SIMS_ACT),
    ActionKind("sms.send", "Send an SMS", Permission.SMS_SEND),
    ActionKind("sms.cancel", "Cancel a pending SMS", Permission.SMS_SEND),
    ActionKind("sms.change_template", "Make, change or remove a template of SMS", Permission.SMS_WRITE),
    ActionKind("ticket.open", "Open a ticket at 1NCE's support", Permission.SIMS_ACT),
    ActionKind("action.cancel", "Cancel an action that has not been sent", Permission.SIMS_ACT),
    ActionKind("bulk.plan", "Plan a bulk action", Permission.SIMS_ACT),
    ActionKind("bulk.begin", "Begin a bulk action", Permission.SIMS_ACT),
    ActionKind("bulk.pause", "Pause a bulk action", Permission.SIMS_ACT),
    ActionKind("bulk.resume", "Resume a bulk action", Permission.SIMS_ACT),
    ActionKind("bulk.stop", "Stop a bulk action", Permission.SIMS_ACT),
    ActionKind("budget.change", "Change budgets of top-ups, or the price of one", Permission.BUDGETS_WRITE),
    ActionKind("action.settle", "End an action that is unknown", Permission.SIMS_SPEND),
    ActionKind("approval.approve", "Approve an action of another person", Permission.BUDGETS_WRITE, proof=True),
    ActionKind("approval.reject", "Reject an action of another person", Permission.BUDGETS_WRITE),
    ActionKind("approval.change_rules", "Change what needs approval", Permission.ADMIN),
    ActionKind("channel.add", "Make a notification channel", Permission.ALERTS_WRITE),
    ActionKind("channel.change", "Change a notification channel", Permission.ALERTS_WRITE),
    ActionKind("channel.rotate_secret", "Give a webhook a new secret", Permission.ALERTS_WRITE),
    ActionKind("channel.test", "Test a notification channel", Permission.ALERTS_WRITE),
    ActionKind("channel.remove", "Remove a notification channel", Permission.ALERTS_WRITE),
    ActionKind("delivery.redeliver", "Send a notification again", Permission.ALERTS_WRITE),
    ActionKind("silence.add", "Silence alerts", Permission.ALERTS_ACT),
    ActionKind("silence.end", "End a silence", Permission.ALERTS_ACT),
    ActionKind("window.add", "Make a maintenance window", Permission.ALERTS_WRITE),
    ActionKind("window.change", "Change a maintenance window", Permission.ALERTS_WRITE),
    ActionKind("window.remove", "Remove a maintenance window", Permission.ALERTS_WRITE),
    ActionKind("fleet.sync", "Read 1NCE's inventory", Permission.SIMS_ACT),
    ActionKind("stream.subscribe", "Subscribe to the stream", Permission.STREAM_READ),
    ActionKind("organization.add", "Add an organization", Permission.ADMIN, proof=True),
    ActionKind("organization.change", "Change an organization", Permission.ADMIN, proof=True),
    ActionKind("organization.move_forwarder", "Give the SMS Forwarder a new address", Permission.ADMIN, proof=True),
    ActionKind("user.add", "Add a user", Permission.ADMIN),
    ActionKind("user.change_password", "Give a user a new password", Permission.ADMIN),
    ActionKind("user.reset_factor", "Remove a user's second factor", Permission.ADMIN),
    ActionKind("user.disable", "Disable a user", Permission.ADMIN),
    ActionKind("user.invite", "Invite a user", Permission.ADMIN, proof=True),
    ActionKind("user.change", "Change a member's role, disable or enable them", Permission.ADMIN, proof=True),
    ActionKind("user.remove", "Remove a member", Permission.ADMIN, proof=True),
    ActionKind("user.reset_password", "Make a link for a new password", Permission.ADMIN, proof=True),
    ActionKind("user.sign_out", "End a member's sessions", Permission.ADMIN),
    ActionKind("group.map", "Give a group of the identity provider a role", Permission.ADMIN, proof=True),
    ActionKind("group.unmap", "Take the role of a group of the identity provider", Permission.ADMIN, proof=True),
    ActionKind("link.withdraw", "Withdraw a link", Permission.ADMIN),
    ActionKind("link.use", "Use an invitation, or a link for a new password"),
    ActionKind("account.change_password", "Change one's own password"),
    ActionKind("account.begin_factor", "Begin to set up one's own second factor"),
    ActionKind("account.set_factor", "Set up one's own second factor"),
    ActionKind("account.remove_factor", "Remove one's own second factor"),
    ActionKind("account.renew_codes", "Make new recovery codes"),
    ActionKind("session.switch", "Enter another organization"),
    ActionKind("session.revoke", "End a session"),
    ActionKind("organization.check", "Try the credentials at 1NCE", Permission.ADMIN),
    ActionKind("key.add", "Make an API key", Permission.ADMIN, proof=True),
    ActionKind("key.revoke", "Revoke an API key", Permission.ADMIN),
    ActionKind("secrets.rotate", "Seal stored secrets with the newest key", Permission.ADMIN),
    ActionKind("audit.export", "Export the audit trail", Permission.AUDIT_READ),
    ActionKind("audit.prune", "Delete audit lines after seven years", Permission.ADMIN),
)
BY_NAME = {kind.name: kind for kind in KINDS}
