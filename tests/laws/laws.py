"""Every law that reads the source, by name."""

from collections.abc import Callable

from tests.laws import acting, changing, dead, errors, fragments, importing, modules, scoping, values
from tests.laws.tree import Tree

Law = Callable[[Tree], list[str]]

LAWS: dict[str, Law] = {
    law.__name__: law
    for law in (
        importing.only_jobs_speak_to_1nce,
        importing.live_knows_no_noun,
        importing.once_knows_nothing_else,
        importing.simulator_stands_apart,
        importing.migrations_stand_apart,
        importing.migrate_knows_every_table,
        importing.no_circles,
        importing.nothing_upward,
        importing.each_room_has_its_place,
        importing.rooms_are_few,
        changing.only_writes_change_rows,
        changing.writes_take_the_transaction,
        changing.transactions_are_opened_in_the_store,
        changing.only_the_transaction_publishes,
        changing.jobs_are_asked_for_by_rows,
        acting.commands_run_through_acting,
        acting.actions_are_in_the_table,
        fragments.live_fragments_are_on_pages,
        values.facts_carry_states,
        values.amounts_and_times_are_explicit,
        values.an_iccid_has_one_parser,
        values.advisory_locks_are_in_one_table,
        values.one_place_decides_who_may,
        values.addresses_decide_nothing,
        scoping.sql_says_whose_rows,
        scoping.questions_say_whose_rows,
        modules.a_module_says_what_it_is,
        modules.a_file_is_short,
        modules.names_say_something,
        modules.a_job_is_a_file,
        modules.a_job_that_is_asked_for_is_in_the_table,
        errors.unknown_errors_are_seen,
        modules.importing_has_no_effect,
        dead.nothing_is_dead,
        dead.fields_are_read,
        dead.fields_are_filled,
    )
}
