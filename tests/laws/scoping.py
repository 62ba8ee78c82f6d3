"""Law of organizations: whoever asks for rows says whose, and each text of SQL that names them does too."""

import ast
import re
from collections.abc import Iterator, Mapping

from console.migrate import metadata
from tests.laws.tree import FUNCTIONS, Tree, in_each_file, role, texts

OURS = ("console/", "jobs/")
NAMED = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(?:ONLY\s+)?\"?(\w+)", re.IGNORECASE)
CALLED_WITH = ("organization_id", "organization_ids", "caller", "outside")  # each carries whose rows


SCOPED = frozenset(
    [table.name for table in metadata.tables.values() if "organization_id" in table.c]
    + ["usage_hourly", "usage_daily", "fleet_usage_minutely"]  # sums, which are views in one edition
    + ["sim_states"]  # a view over what is known of a SIM
)
# What is asked for without an organization, by why that shows nobody what is another's.
WITHOUT: dict[str, str] = {
    "it finds the organization: of a session, a key, a link, a user": """
        console/api_keys/reads.py caller_of_key callers_of_keys callers_of_secrets by_prefix ended_key
        console/members/one_time_links.py opened
        console/members/links_writes.py use_link
        console/members/reads.py memberships_of
        console/sessions/reads.py proved_second_factor session_number
        console/sessions/writes.py extend_sessions end_session keep_refresh_token finish_first_step
        console/users/reads.py by_name id_of by_identity has_identity has_password linked_issuer mail_address_of
        console/users/factors_reads.py second_factor_of has_second_factor unconfirmed_secret accepted_step
        console/users/factors_reads.py recovery_codes_left passkeys_of handle_of passkey_of""",
    "a user's own, wherever they are a member": """
        console/members/links_writes.py withdraw_links_of
        console/members/rights_writes.py hold disable_everywhere
        console/sessions/reads.py sessions_of
        console/sessions/writes.py end_own_session end_program_session
        console/users/writes.py add_user note_sign_in set_password set_mail_address set_preferences keep_hash
        console/users/writes.py change_password disable_user
        console/users/writes.py add_identified_user note_groups link_identity unlink_identity reset_second_factor
        console/users/factors_writes.py begin_second_factor confirm_second_factor use_second_factor
        console/users/factors_writes.py renew_recovery_codes remove_application remove_factors
        console/users/factors_writes.py add_passkey use_passkey rename_passkey remove_passkey""",
    "for commands, whose callers have the whole database": """
        console/api_keys/reads.py every_key
        console/members/reads.py every_user
        console/organizations/reads.py every shown
        console/organizations/writes.py put add change
        console/organizations/first.py settle_first""",
    "of a user whom the identity provider names": "console/sessions/writes.py end_sessions_at",
    "the lines that it is given say whose": "console/audit/writes.py add_line add_lines seal_lines keep_verification",
    "the row is named by a number that the same process has been given for it": """
        console/actions/sending_writes.py note_volume note_sending record_sent
        console/actions/writes.py change
        console/api_keys/writes.py note_key_uses
        console/runs/writes.py heartbeat finish claim keep_claimed acknowledge postpone
        console/streamer/posts_writes.py lock_posts end_attempt remove_posts""",
    "of the action that a claim or the caller names, whose organization is theirs": """
        console/actions/sending_writes.py note_volume note_sending record_sent
        console/actions/writes.py request change""",
    "for the whole installation, by a job": """
        console/audit/reads.py heads_of chains
        console/alerts/reads.py firing_everywhere
        console/carrier/reads.py summary
        console/carrier/writes.py prune_outages
        console/notifications/deliveries_writes.py prune_deliveries
        console/notifications/writes.py reseal_channels
        console/reports/writes.py prune_reports reseal_heartbeats
        console/organizations/writes.py reseal
        console/users/factors_writes.py reseal_second_factors
        console/runs/writes.py delete_runs
        console/sms/writes.py delete_messages
        console/streamer/posts_writes.py set_aside prune_set_aside prune_unknown
        console/streamer/writes.py prune_silences
        console/usage/reads.py sums_lag late_hours
        console/usage/writes.py end_late""",
}


def allowed(without: Mapping[str, str]) -> dict[str, str]:
    """Each function that may do without, as "path name", with the reason."""
    found = {}
    for reason, listed in without.items():
        path = ""
        for word in listed.split():
            if word.endswith(".py"):
                path = word
            else:
                found[f"{path} {word}"] = reason
    return found


WITHOUT_REASONED = allowed(WITHOUT)


def sql_says_whose_rows(tree: Tree) -> list[str]:
    """Each text of SQL that names a table of rows that belong to organizations says organization_id as well."""
    return [violation for violation in _unsaid(tree) if violation.split()[2].strip(",") in SCOPED]


@in_each_file(*OURS)
def _unsaid(path: str, module: ast.Module) -> Iterator[str]:
    for text, line in texts(module):
        if re.search(r"\b(SELECT|UPDATE|DELETE|INSERT|MERGE)\b", text) and "organization_id" not in text:
            yield from (f"{path} names {name}, line {line}" for name in sorted(set(NAMED.findall(text))))


@in_each_file("console/")
def questions_say_whose_rows(path: str, module: ast.Module) -> Iterator[str]:
    """A public function of reads or writes that is given a connection or a transaction is given whose rows."""
    if role(path) not in ("reads", "writes"):
        return
    for function in module.body:
        if not isinstance(function, FUNCTIONS) or function.name.startswith("_"):
            continue
        arguments = [*function.args.posonlyargs, *function.args.args]
        kind = ast.unparse(arguments[0].annotation) if arguments and arguments[0].annotation else ""
        if kind not in ("AsyncConnection", "Transaction", "DirectReads"):
            continue
        names = {one.arg for one in (*arguments, *function.args.kwonlyargs)}
        if names.isdisjoint(CALLED_WITH) and f"{path} {function.name}" not in WITHOUT_REASONED:
            yield f"{path} {function.name}: nobody says whose rows, line {function.lineno}"
