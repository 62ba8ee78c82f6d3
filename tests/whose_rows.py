"""Whether a statement says of each table of organizations' rows whose rows it reads or changes: sqlglot parses it."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from sqlglot import exp, parse_one

from tests.laws.scoping import SCOPED

NAMED = re.compile(rf"\b(?:{'|'.join(sorted(SCOPED))})\b")
PARAMETER = re.compile(r"\$\d+")
BYTEWISE = re.compile(r"~([<>]=?)~")  # comparisons that sqlglot does not know
WHOSE = "organization_id"
ITSELF = "organizations"  # whose id it is
Link = tuple[str, str]  # a table's alias, and that of the one whose organization it takes; "" for a value


@cache
def unsaid(text: str) -> list[str]:
    """The tables of which it reads rows whoever's they are, in alphabetical order."""
    if not NAMED.search(text):
        return []
    tree = parse_one(BYTEWISE.sub(r"\1", PARAMETER.sub("'a value'", text)), dialect="postgres")
    made = {one.alias for one in tree.find_all(exp.CTE)}
    found: set[str] = set()
    for block in tree.find_all(exp.Select, exp.Update, exp.Delete, exp.Merge):
        tables = {one.alias_or_name: one for one in _sources(block)}
        wanted = {
            alias
            for alias, one in tables.items()
            if isinstance(one, exp.Table) and one.name in SCOPED | {ITSELF} and one.name not in made
        }
        known = _known(wanted, tables.keys(), _links(block, wanted, tables))
        found |= {tables[alias].name for alias in wanted - known if tables[alias].name in SCOPED}
    if isinstance(tree, exp.Insert) and isinstance(tree.this, exp.Schema) and tree.this.this.name in SCOPED:
        found |= {tree.this.this.name} if WHOSE not in {one.name for one in tree.this.expressions} else set()
    return sorted(found)


def _known(wanted: Iterable[str], here: Iterable[str], links: set[Link]) -> set[str]:
    """The aliases whose organization is given: by a value, by what surrounds the block, or by one that is given."""
    known: set[str] = set()
    unread = set(here) - set(wanted)
    while True:
        more = {
            one
            for one, other in links
            if one not in known and (not other or other in known or other in unread or other not in set(here))
        }
        if not more:
            return known
        known |= more


def _sources(block: exp.Expr) -> Iterator[exp.Expr]:
    """What a block reads from, or changes; not what its subqueries do."""
    first = block.args.get("from_") or block.args.get("from")
    sources = [block.this if not isinstance(block, exp.Select) else None, first.this if first else None]
    sources += block.args.get("using") or [] if isinstance(block, exp.Delete | exp.Merge) else []
    sources += [join.this for join in block.args.get("joins") or []]
    for one in sources:
        if one is not None:
            yield from _with_joined(one)


def _with_joined(source: exp.Expr) -> Iterator[exp.Expr]:
    yield source
    for join in source.args.get("joins") or []:
        yield from _with_joined(join.this)


def _links(block: exp.Expr, wanted: set[str], tables: dict[str, exp.Expr]) -> set[Link]:
    """What the block's conditions say of the organization of its tables."""
    found: set[Link] = set()
    joins = [*(block.args.get("joins") or []), *(j for one in tables.values() for j in one.args.get("joins") or [])]
    conditions = [join.args.get("on") for join in joins]
    where = block.args.get("where")
    conditions += [where.this if where else None, block.args.get("on")]
    for condition in conditions:
        if condition is not None:
            found |= _said(condition, wanted, tables)
    for join in joins:
        if WHOSE in {one.name for one in join.args.get("using") or []}:
            aliases = list(tables)
            found |= {(join.this.alias_or_name, one) for one in aliases if one != join.this.alias_or_name}
            found |= {(one, join.this.alias_or_name) for one in aliases if one != join.this.alias_or_name}
    return found


def _said(condition: exp.Expr, wanted: set[str], tables: dict[str, exp.Expr]) -> set[Link]:
    """The links that hold wherever the condition does."""
    match condition:
        case exp.Paren():
            return _said(condition.this, wanted, tables)
        case exp.And():
            return _said(condition.left, wanted, tables) | _said(condition.right, wanted, tables)
        case exp.Or():
            return _said(condition.left, wanted, tables) & _said(condition.right, wanted, tables)
        case exp.EQ() | exp.NullSafeEQ():
            pairs = _pairs(condition.left, condition.right)
            sides = [(_owners(a, wanted, tables), _owners(b, wanted, tables)) for a, b in pairs]
            both = [*sides, *[(b, a) for a, b in sides]]
            return {(one, other) for ours, others in both for one in ours for other in (others or {""})}
        case exp.Is(expression=exp.Null()):  # rows of the installation are nobody's
            return {(one, "") for one in _owners(condition.this, wanted, tables)}
        case exp.In():
            columns = condition.this.expressions if isinstance(condition.this, exp.Tuple) else [condition.this]
            return {(one, "") for column in columns for one in _owners(column, wanted, tables)}
    return set()


def _pairs(left: exp.Expr, right: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
        return list(zip(left.expressions, right.expressions, strict=True))
    return [(left, right)]


def _owners(column: exp.Expr, wanted: set[str], tables: dict[str, exp.Expr]) -> set[str]:
    """The tables whose organization this column is; of one without a table's name all that are wanted."""
    while isinstance(column, exp.Cast | exp.Paren):
        column = column.this
    if not isinstance(column, exp.Column):
        return set()
    of_itself = isinstance(tables.get(column.table), exp.Table) and tables[column.table].name == ITSELF
    if column.name != ("id" if of_itself else WHOSE):
        return set() if not column.table or column.table in tables else {column.table}
    return {column.table} if column.table else set(wanted)
