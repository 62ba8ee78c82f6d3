"""One change of the source for each way in which a law can be broken."""

from typing import NamedTuple


class Mutation(NamedTuple):
    """`text` appended to a file, new or not, or put there in place of something; the violation names the file."""

    law: str
    path: str
    text: str
    instead_of: str = ""
    found_as: str = ""  # what the violation names in place of the file


NEW = "console/sims/rules.py"  # any file that may do least
MUTATIONS = (
    Mutation("only_jobs_speak_to_1nce", "console/sims/reads.py", "from console.once.client import Client"),
    Mutation("only_jobs_speak_to_1nce", "console/app.py", "def ask() -> None:\n    import console.once.client"),
    Mutation("only_jobs_speak_to_1nce", "console/app.py", "from jobs import worker"),
    Mutation("live_knows_no_noun", "console/live/send_queue.py", "from console.sims.reads import rows"),
    Mutation("live_knows_no_noun", "console/live/send_queue.py", "from console.pages import layout"),
    Mutation("live_knows_no_noun", "console/live/feed.py", "from console.sms import rules"),
    Mutation("live_knows_no_noun", "console/live/frames.py", "from jobs import worker"),
    Mutation("once_knows_nothing_else", "console/once/client.py", "from console.settings import Settings"),
    Mutation("simulator_stands_apart", "simulator/faults.py", "from console import errors"),
    Mutation("simulator_stands_apart", "jobs/run.py", "import simulator.faults"),
    Mutation("migrations_stand_apart", "migrations/versions/0002_sims.py", "from console.sims.tables import sims"),
    Mutation("migrate_knows_every_table", "console/sims/rooms_tables.py", ""),
    Mutation("no_circles", "console/sims/tables.py", "from console.sims.writes import touch"),
    Mutation("no_circles", "console/errors.py", "def log() -> None:\n    from console.app import create_app"),
    Mutation("nothing_upward", "console/sims/reads.py", "from console.quotas.reads import page"),
    Mutation("nothing_upward", "console/store/bulk.py", "def f() -> None:\n    from console.sims import rules"),
    Mutation("nothing_upward", "console/usage/reads.py", "from console.sms.rules import changed"),
    Mutation("each_room_has_its_place", "console/elsewhere/reads.py", "", found_as="console/elsewhere"),
    Mutation("only_writes_change_rows", NEW, "def f(t: sa.Table) -> sa.Insert:\n    return sa.insert(t)"),
    Mutation("only_writes_change_rows", NEW, "def f(t: sa.Table) -> sa.Delete:\n    return t.delete()"),
    Mutation(
        "only_writes_change_rows", NEW, "def f(t: sa.Table) -> sa.Update:\n    return sa.sql.expression.update(t)"
    ),
    Mutation("only_writes_change_rows", NEW, "async def f(c: C) -> None:\n    await bulk.upsert_changed(c)"),
    Mutation("only_writes_change_rows", NEW, "async def f(c: C) -> None:\n    await c.copy_records_to_table('sims')"),
    Mutation("only_writes_change_rows", NEW, "def f() -> S:\n    return sa.func.prune_time_series('sims')"),
    Mutation("only_writes_change_rows", "jobs/sync_sims.py", "STATEMENT = 'DELETE FROM sims'"),
    Mutation(
        "only_writes_change_rows", "jobs/sync_sims.py", "def f(t: str) -> str:\n    return f'UPDATE {t} SET a = 1'"
    ),
    Mutation("only_writes_change_rows", "console/app.py", "STATEMENT = '''\nWITH a AS (INSERT  INTO b SELECT 1)'''"),
    Mutation("only_writes_change_rows", "console/app.py", "STATEMENT = 'TRUNCATE sims'"),
    Mutation("only_writes_change_rows", "console/app.py", "STATEMENT = 'delete from sims'"),
    Mutation("only_writes_change_rows", "console/app.py", "STATEMENT = 'Update sims set a = 1'"),
    Mutation("only_writes_change_rows", "console/app.py", "STATEMENT = 'grant select on sims to someone'"),
    Mutation("only_writes_change_rows", "console/app.py", "STATEMENT = 'Revoke all on sims from someone'"),
    Mutation("only_writes_change_rows", "console/app.py", "STATEMENT = 'ALTER TABLE sims ADD x int'"),
    Mutation(
        "writes_take_the_transaction",
        "console/sims/writes.py",
        "async def drop(connection: AsyncConnection) -> None:\n    await connection.execute(sa.delete(sims))",
    ),
    Mutation(
        "writes_take_the_transaction",
        "console/sims/watching_writes.py",
        "async def drop(connection: AsyncConnection) -> None:\n    await connection.execute(sa.delete(sims))",
    ),
    Mutation("writes_take_the_transaction", "console/sims/writes.py", "def gone() -> S:\n    return sa.delete(sims)"),
    Mutation(
        "writes_take_the_transaction",
        "console/sims/writes.py",
        "async def _drop(connection: AsyncConnection) -> None:\n    await connection.execute(sa.delete(sims))",
    ),
    Mutation(
        "only_writes_change_rows",
        "console/sims/watching_reads.py",
        "def f(t: sa.Table) -> sa.Insert:\n    return sa.insert(t)",
    ),
    Mutation(
        "only_writes_change_rows", "console/sims/overwrites.py", "def f(t: sa.Table) -> S:\n    return sa.insert(t)"
    ),
    Mutation(
        "transactions_are_opened_in_the_store",
        "jobs/sync_sims.py",
        "async def f(run: Run) -> None:\n    async with run.db.engine.begin():\n        pass",
    ),
    Mutation(
        "only_the_transaction_publishes",
        "console/sims/writes.py",
        "async def f(redis: Redis) -> None:\n    await redis.publish('live', b'')",
    ),
    Mutation(
        "only_the_transaction_publishes", "console/sims/writes.py", "SCRIPT = \"redis.call('PUBLISH', 'live', '')\""
    ),
    Mutation(
        "only_the_transaction_publishes",
        "console/sims/writes.py",
        "async def f(redis: Redis) -> None:\n    await redis.xadd('live:stream', {})",
    ),
    Mutation("jobs_are_asked_for_by_rows", NEW, "async def f(queue: Queue) -> None:\n    await queue.enqueue('prune')"),
    Mutation("jobs_are_asked_for_by_rows", NEW, "async def f(queue: Queue) -> None:\n    await later(queue, 'prune')"),
    Mutation(
        "jobs_are_asked_for_by_rows", NEW, "async def f(db: Database) -> None:\n    await enqueue(db.queue, 'prune')"
    ),
    Mutation(
        "commands_run_through_acting",
        "console/sims/api.py",
        "@post('/forget')\nasync def forget() -> None:\n    await forget_all()",
    ),
    Mutation(
        "commands_run_through_acting",
        "console/sims/api.py",
        "@route('/forget', http_method=HttpMethod.DELETE)\nasync def forget() -> None:\n    await forget_all()",
    ),
    Mutation(
        "commands_run_through_acting",
        "console/cli/tail.py",
        "def forget() -> None:\n    async def work(db: Database) -> None:\n        async with db.transaction():\n"
        "            pass",
    ),
    Mutation(
        "actions_are_in_the_table",
        "console/pages/sim_edits.py",
        "async def f(t: T, c: C) -> None:\n    async with acting(t, c, 'sim.forget'):\n        pass",
    ),
    Mutation("actions_are_in_the_table", "console/audit/actions.py", "MORE = ActionKind('sim.forget', 'Forget')"),
    Mutation("live_fragments_are_on_pages", "console/pages/sims.py", "ROW = 'sims/_line.html'"),
    Mutation(
        "live_fragments_are_on_pages", "templates/sims/_rows.html", "", '{% include "sims/_row.html" %}', "_row.html"
    ),
    Mutation(
        "facts_carry_states",
        "console/facts/sims.py",
        "class Used(Struct, frozen=True):\n    added_bytes: int",
    ),
    Mutation("facts_carry_states", "console/facts/sims.py", "class Used(Struct):\n    used_bytes: int"),
    Mutation(
        "facts_carry_states",
        "console/facts/sims.py",
        "class Gone(Struct, frozen=True, tag='sim.gone'):\n    time: datetime\n    subject: str",
    ),
    Mutation("amounts_and_times_are_explicit", "console/sims/tables.py", "COLUMN = sa.Column('at', sa.DateTime())"),
    Mutation("amounts_and_times_are_explicit", "console/sims/tables.py", "COLUMN = sa.Column('at', sa.DateTime)"),
    Mutation("amounts_and_times_are_explicit", "console/sims/tables.py", "C = sa.Column('data_bytes', sa.Float)"),
    Mutation("amounts_and_times_are_explicit", NEW, "def f() -> datetime:\n    return datetime.now()"),
    Mutation("amounts_and_times_are_explicit", NEW, "def f() -> datetime:\n    return datetime.datetime.utcnow()"),
    Mutation("amounts_and_times_are_explicit", NEW, "class Use(Struct):\n    volume: int"),
    Mutation("amounts_and_times_are_explicit", NEW, "class Use(Struct):\n    timeout: float | None = None"),
    Mutation("amounts_and_times_are_explicit", NEW, "class Use(Struct):\n    data_bytes: float"),
    Mutation("amounts_and_times_are_explicit", NEW, "class Use(Struct):\n    seen_at: str"),
    Mutation("an_iccid_has_one_parser", NEW, r"ICCID = re.compile(r'\d{19}')"),
    Mutation("an_iccid_has_one_parser", NEW, r"ICCID = re.compile(r'89[0-9]{17,18}')"),
    Mutation("an_iccid_has_one_parser", NEW, "def f(iccid: str) -> bool:\n    return len(iccid) in (19, 20)"),
    Mutation("an_iccid_has_one_parser", NEW, "from console.iccid import LENGTH"),
    Mutation("an_iccid_has_one_parser", NEW, "from console import iccid\n\n\nL = iccid.LENGTH"),
    Mutation("an_iccid_has_one_parser", NEW, "ICCID = Annotated[str, Meta(min_length=19, max_length=20)]"),
    Mutation("an_iccid_has_one_parser", NEW, "def passes_luhn(digits: str) -> bool:\n    return True"),
    Mutation("advisory_locks_are_in_one_table", NEW, "def f() -> S:\n    return sa.func.pg_try_advisory_lock(7)"),
    Mutation("advisory_locks_are_in_one_table", NEW, "STATEMENT = 'SELECT pg_advisory_xact_lock(7)'"),
    Mutation(
        "one_place_decides_who_may",
        "console/sims/api.py",
        "def f(caller: Caller) -> bool:\n    return caller.role == Role.ADMIN",
    ),
    Mutation(
        "one_place_decides_who_may",
        "console/sims/api.py",
        "def f(role: Role) -> bool:\n    return role is Role.ADMIN",
    ),
    Mutation(
        "addresses_decide_nothing",
        "console/http/requests.py",
        "def f(scope: Scope) -> bool:\n    return scope['path'].startswith('/api/')",
    ),
    Mutation(
        "addresses_decide_nothing",
        "console/http/exceptions.py",
        "def f(request: AnyRequest) -> bool:\n    return request.url.path.startswith(('/prove', '/join'))",
    ),
    Mutation(
        "addresses_decide_nothing",
        "console/http/exceptions.py",
        "def f(request: AnyRequest) -> bool:\n    path = request.url.path\n    return path in ('/wall', '/sims')",
    ),
    Mutation("sql_says_whose_rows", NEW, 'TEXT = "SELECT iccid FROM sims WHERE label = :label"'),
    Mutation("sql_says_whose_rows", NEW, 'TEXT = "UPDATE api_keys SET name = :name WHERE id = :id"'),
    Mutation(
        "questions_say_whose_rows",
        "console/sims/reads.py",
        "async def labelled(connection: AsyncConnection, label: str) -> int:\n    return 0",
    ),
    Mutation(
        "questions_say_whose_rows",
        "console/notifications/on_call_reads.py",
        "async def shifts(connection: AsyncConnection, day: str) -> int:\n    return 0",
    ),
    Mutation("unknown_errors_are_seen", NEW, "try:\n    pass\nexcept Exception:\n    pass"),
    Mutation("unknown_errors_are_seen", NEW, "try:\n    pass\nexcept (OSError, BaseException) as e:\n    print(e)"),
    Mutation("a_module_says_what_it_is", "console/queue.py", 'TEXT = """', '"""'),
    Mutation("a_file_is_short", "console/sims/long.py", "# a line\n" * 198),  # 201 with its head
    Mutation("names_say_something", "console/sims/utils.py", ""),
    Mutation("names_say_something", "console/common/sims.py", ""),
    Mutation("names_say_something", NEW, "def _helper() -> None:\n    pass"),
    Mutation("names_say_something", NEW, "class Service:\n    pass"),
    Mutation("a_job_is_a_file", "jobs/count_sims.py", "async def count() -> None:\n    pass"),
    Mutation("a_job_that_is_asked_for_is_in_the_table", NEW, "def f(t: T) -> None:\n    t.later('sync_simms', key='')"),
    Mutation(
        "a_job_that_is_asked_for_is_in_the_table",
        NEW,
        "JOB = 'deliverr'\n\n\ndef f(t: T) -> None:\n    t.later(JOB, key='')",
    ),
    Mutation("nothing_is_dead", NEW, "def forgotten_rule() -> None:\n    pass"),
    Mutation("nothing_is_dead", NEW, "class ForgottenRule:\n    def never_asked(self) -> None:\n        pass"),
    Mutation(
        "nothing_is_dead", NEW, "def forgotten_rule() -> None:\n    pass\n\n\n# forgotten_rule is named here alone"
    ),
    Mutation("fields_are_read", NEW, "class Rule(Struct):\n    never_asked: int"),
    Mutation("fields_are_read", NEW, "R = Rule(never_asked=1)\n\n\nclass Rule(NamedTuple):\n    never_asked: int = 0"),
    Mutation("fields_are_read", NEW, "ROW = {'never_asked': 1}\n\n\nclass Rule(Struct):\n    never_asked: int"),
    Mutation("fields_are_read", NEW, "class Rule:\n    def __init__(self) -> None:\n        self.never_asked = 1"),
    Mutation(
        "fields_are_filled",
        NEW,
        "R = Rule(1).never_given\n\n\nclass Rule(Struct):\n    one: int\n    never_given: int = 0",
    ),
    Mutation("importing_has_no_effect", NEW, "print('loaded')"),
    Mutation("importing_has_no_effect", NEW, "SECRET = PasswordHasher().hash('nobody')"),
    Mutation(
        "importing_has_no_effect", NEW, "def _hash() -> str:\n    return PasswordHasher().hash('')\n\n\nH = _hash()"
    ),
    Mutation("importing_has_no_effect", NEW, "STARTED = time.time()"),
    Mutation("importing_has_no_effect", NEW, "STARTED = datetime.now(UTC)"),
    Mutation("importing_has_no_effect", NEW, "URL = os.environ.get('DATABASE_URL')"),
    Mutation("importing_has_no_effect", NEW, "class Settings:\n    url = os.environ.setdefault('A', 'b')"),
    Mutation("importing_has_no_effect", NEW, "def f(now: float = time.time()) -> None:\n    pass"),
    Mutation("importing_has_no_effect", NEW, "with open('/dev/null') as file:\n    pass"),
)
