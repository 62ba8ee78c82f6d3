"""The jobs that run when something asks for them, and never by the clock."""

from datetime import timedelta

from console.runs.rules import JobDefinition

ON_REQUEST = (
    JobDefinition(
        name="sync_sim",
        title="One SIM",
        description="Asks 1NCE about one SIM that somebody wants to watch or to know about at once",
        every="request",
        timeout=timedelta(minutes=5),
        arguments=("iccid",),
    ),
    JobDefinition(
        name="act",
        title="Actions",
        description="Sends an operator's action to 1NCE, at most once",
        every="request",
        timeout=timedelta(minutes=5),
        arguments=("action_id",),
    ),
    JobDefinition(
        name="check_credentials",
        title="1NCE credentials",
        description="Tries 1NCE credentials",
        every="request",
        timeout=timedelta(minutes=2),
    ),
    JobDefinition(
        name="send_reset_link",
        title="Password links",
        description="Mails a link for a new password to somebody who has forgotten theirs",
        every="request",
        by_organization=False,
        arguments=("user_id",),
    ),
    JobDefinition(
        name="mail_approval",
        title="Approval mails",
        description="Mails who may decide that an approval waits, and whoever asked for it how it was decided",
        every="request",
        timeout=timedelta(minutes=2),
        arguments=("approval_id", "user_id"),
    ),
)
