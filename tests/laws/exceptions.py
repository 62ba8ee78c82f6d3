"""What the laws allow, each with its reason. An exception is a law's name and how a violation begins."""

from collections.abc import Iterable
from typing import NamedTuple


class Allowed(NamedTuple):
    """A violation that begins with this is allowed by this law."""

    law: str
    begins: str
    reason: str


ROWS, CONNECTIONS = "only_writes_change_rows", "transactions_are_opened_in_the_store"
COMMANDS = "commands_run_through_acting"
ALLOWED: tuple[Allowed, ...] = (
    Allowed(ROWS, "console/store/bulk.py ", "the statements that every writes.py calls"),
    Allowed(ROWS, "console/store/outbox.py ", "facts are appended in the transaction, and removed once published"),
    Allowed(
        ROWS, "console/store/job_requests.py ", "requests are appended in the transaction, and marked by the relay"
    ),
    Allowed(ROWS, "console/store/retention.py ", "what is past its retention goes, by a function in the database"),
    Allowed(
        ROWS, "console/trial/postgres.py says CREATE DATABASE", "there is no database yet to have a transaction in"
    ),
    Allowed(ROWS, "console/store/roles.py ", "the rights of the application's role, given by migrate as the owner"),
    Allowed(ROWS, "console/cli/restored.py ", "ends what was under way in a restored database, while nobody can write"),
    Allowed(ROWS, "console/cli/restoring.py ", "makes, fills and opens a database that nobody works with yet"),
    Allowed(ROWS, "console/cli/drilling.py ", "makes and drops a database of its own"),
    Allowed(ROWS, "console/cli/backup_bucket.py calls obstore.delete", "files in a bucket, no rows"),
    Allowed(ROWS, "console/pages/templating.py calls made.", "the template environment's dictionaries"),
    Allowed(ROWS, "jobs/recording.py calls job.update", "SAQ's own mark on a job in Redis"),
    Allowed(CONNECTIONS, "console/cli/servers.py ", "migrations run in transactions of their own"),
    Allowed(CONNECTIONS, "console/cli/checks.py ", "the doctor tries the database as it is, migrated or not"),
    Allowed(CONNECTIONS, "console/cli/restoring.py ", "migrates a restored database that nobody works with yet"),
    Allowed(CONNECTIONS, "console/health.py ", "a health check asks on a connection that fails fast"),
    Allowed("jobs_are_asked_for_by_rows", "console/queue.py calls queue.enqueue", "where the relay hands jobs over"),
    Allowed(
        "jobs_are_asked_for_by_rows",
        "jobs/worker.py calls enqueue",
        "a start asks earlier for what the schedule asks for anyhow: nothing is lost with Redis",
    ),
    Allowed("an_iccid_has_one_parser", "console/once/wire/masking.py ", "finds ICCIDs inside free text to mask them"),
    Allowed("an_iccid_has_one_parser", "console/sims/filters.py takes LENGTH", "the expression of an index, in SQL"),
    Allowed("nothing_is_dead", "console/once/orders.py defines place_order,", "an operation that no job asks yet"),
    Allowed(
        "nothing_is_dead", "console/once/queries.py defines daily_usage,", "an operation that only the probe asks yet"
    ),
    Allowed("fields_are_read", "console/live/frame_protocol.py keeps FrameProtocol.", "uvicorn reads it"),
    Allowed("fields_are_read", "console/live/frame_protocol.py keeps self.", "uvicorn reads it"),
    Allowed("fields_are_read", "console/once/wire/daily_usage.py ", "an operation that only the probe asks yet"),
    Allowed("fields_are_read", "console/once/wire/orders.py keeps Address.", "sent to 1NCE as JSON with an order"),
    Allowed(
        "fields_are_read", "console/once/wire/tickets.py keeps Ticket.solved_at,", "jobs keep each field of a ticket"
    ),
    Allowed(
        "fields_are_read", "console/store/redis_scripts.py keeps self._opened,", "keeps the connection from its end"
    ),
    Allowed("fields_are_filled", "console/once/wire/", "decoded from what 1NCE answers"),
    Allowed("fields_are_filled", "console/once/streamer/shapes.py ", "decoded from what 1NCE posts"),
    Allowed(
        "fields_are_filled", "console/pages/silence_forms.py never fills WindowForm.repeats,", "decoded from a form"
    ),
    Allowed("fields_are_filled", "console/once/http/retry.py ", "what is usual; tests of retries wait for less"),
    Allowed("fields_are_filled", "console/once/http/circuit.py ", "what is usual; tests of the circuit wait for less"),
    Allowed(
        "fields_are_filled", "console/live/encoding.py never fills JsonEncoding.", "for programs: nothing is left out"
    ),
    Allowed("nothing_is_dead", "console/trial/programs.py defines in_tree,", "tests start TimescaleDB from a folder"),
    Allowed("nothing_is_dead", "console/cli/main.py defines list_commands,", "click calls it by this name"),
    Allowed("nothing_is_dead", "console/cli/main.py defines get_command,", "click calls it by this name"),
    Allowed("nothing_is_dead", "console/http/protocol.py defines send_400_response,", "uvicorn calls it by this name"),
    Allowed("nothing_is_dead", "console/cli/backup_bucket.py defines readinto,", "io calls it by this name"),
    Allowed("nothing_is_dead", "console/pages/templating.py defines preprocess,", "Jinja calls it by this name"),
    Allowed("nothing_is_dead", "jobs/metrics.py defines log_message,", "http.server calls it by this name"),
    Allowed(
        COMMANDS, "console/cli/demo.py ", "makes the demo's organization and users, before anybody is there to act"
    ),
    Allowed(COMMANDS, "console/cli/backing_up.py make_backup,", "reads; the command acts when the backup is there"),
    Allowed(COMMANDS, "console/cli/restoring.py finish,", "the command acts in the database that is there then"),
    Allowed("sql_says_whose_rows", "console/cli/restored.py ", "a restore is of all organizations"),
    Allowed(COMMANDS, "console/pages/activity.py activity,", "a page says that it is used; nothing is changed"),
    Allowed(COMMANDS, "console/pages/own_passkeys.py ask,", "a question to an authenticator; nothing is changed"),
    Allowed(COMMANDS, "console/pages/passkey_sign_in.py ask,", "a question to a passkey; nothing is changed"),
    Allowed(COMMANDS, "console/pages/forgotten.py ask,", "the job that it asks for acts, if there is such a user"),
    Allowed(COMMANDS, "console/pages/prove.py ask,", "asks for a proof, with a form that waits; nothing is changed"),
    Allowed(COMMANDS, "console/alert_rules/api.py try_rule,", "a question with a body; nothing is kept"),
    Allowed(COMMANDS, "console/pages/sims.py waiting,", "a question that is too long for an address"),
    Allowed(COMMANDS, "console/pages/verification.py shown,", "a page reports what it shows; nothing is changed"),
    Allowed(COMMANDS, "console/pages/wall.py shown,", "the wall reports what it shows; nothing is changed"),
    Allowed(COMMANDS, "console/pages/wall_key.py open_with_key,", "a browser keeps a key; nothing is changed"),
    Allowed(COMMANDS, "console/streamer/endpoint.py ", "1NCE reports what happened there: it asks for nothing"),
    Allowed(
        "live_fragments_are_on_pages",
        "console/pages/actions.py draws templates/actions/_toast.html",
        "the answer to a form, among the messages",
    ),
    Allowed(
        "live_fragments_are_on_pages",
        "console/pages/layout.py draws templates/approvals/_toast.html",
        "a message to whoever asked for an approval, and to those who may give it",
    ),
    Allowed(
        "live_fragments_are_on_pages",
        "console/pages/layout.py draws templates/alerts/_message.html",
        "a message about an alert that fires while the page is open",
    ),
    Allowed("live_fragments_are_on_pages", "console/pages/find.py draws ", "the answer to a search, in its dialog"),
    Allowed(
        "live_fragments_are_on_pages",
        "console/pages/prove.py draws templates/prove/_go_on.html",
        "the answer to a form that needs a proof, among the messages",
    ),
    Allowed("a_job_is_a_file", "jobs/metrics.py ", "how a worker exposes its metrics"),
    Allowed("a_job_is_a_file", "jobs/garbage.py ", "how a worker's process collects garbage"),
)

# Work under way elsewhere: to be deleted with it.
PENDING: tuple[Allowed, ...] = ()


def not_allowed(law: str, violations: Iterable[str]) -> list[str]:
    """The violations that no exception allows."""
    begins = tuple(one.begins for one in (*ALLOWED, *PENDING) if one.law == law)
    return [violation for violation in violations if not (begins and violation.startswith(begins))]
