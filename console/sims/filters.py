"""A filter of SIMs in SQL: fields, words, and identifiers in any spelling."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from console.iccid import LENGTH
from console.sims.annotations_rules import CUSTOM
from console.sims.days_left import in_bands
from console.sims.identifiers import Identifier, may_be_printed_end
from console.sims.rules import ANY_CASE, LEFT, TAG, Criterion, SimFilter, spelled
from console.sims.search import parse_search
from console.sims.tables import annotations, sim_states
from console.unicode_text import normal

search = sa.column("search", sa.Text)
SHORTEST = 3  # letters: no index knows shorter parts
GREATEST = "\U0010ffff"  # of all characters, and none: in a text it stands nowhere
CUT = "\x01"  # stands where something was cut out; no text of a SIM or of a search has it


def texts(values: Sequence[str]) -> "sa.BindParameter[Any]":
    """A list of texts as one parameter of a query."""
    return sa.bindparam(None, list(values), type_=sa.ARRAY(sa.Text))


def conditions(
    organization_id: "int | sa.BindParameter[int]", wanted: SimFilter, *, watched: bool | None = True
) -> "list[sa.ColumnElement[bool]]":
    """The filter in SQL, with the organization always first. SIMs that are not watched are in no list.

    `watched`: False for those alone that are not, None for all.
    """
    c = sim_states.c
    found: list[sa.ColumnElement[bool]] = [c.organization_id == organization_id]
    if watched is not None:
        found.append(c.watched if watched else sa.not_(c.watched))
    asked = parse_search(wanted.q)
    for column in (search, open_to_all(search, c.imsi, c.msisdn)) if wanted.may_guess else (search,):
        found += _all_of(asked.words, column)
        if asked.identifiers:
            found.append(sa.or_(*_any_of(asked.identifiers, column)))
    return [*found, *(_criterion(organization_id, one) for one in wanted.criteria)]


def open_to_all(
    column: "sa.ColumnElement[Any]", imsi: "sa.ColumnElement[Any]", msisdn: "sa.ColumnElement[Any]"
) -> "sa.ColumnElement[str]":
    """What a SIM is found by, without its IMSI and MSISDN. No index knows it: ask for the whole text as well."""
    found: sa.ColumnElement[Any] = column
    for number in (imsi, msisdn):
        found = sa.func.replace(found, sa.func.coalesce(number, ""), CUT)
    return found


def _criterion(organization_id: "int | sa.BindParameter[int]", one: Criterion) -> "sa.ColumnElement[bool]":
    if one.field == TAG or one.field.startswith(CUSTOM):
        return _annotated(organization_id, one)
    if one.field == "label":
        found = sa.or_(*(_label(value) for value in one.values))
        return sa.not_(sa.func.coalesce(found, sa.false())) if one.excluded else found
    if one.field == LEFT:
        return in_bands(one.values, excluded=one.excluded)
    return one_of(sim_states, one)


def one_of(table: sa.FromClause, one: Criterion) -> "sa.ColumnElement[bool]":
    """Whether the field's column has one of the values; what is not known has none of them but "unknown"."""
    column: sa.ColumnElement[Any] = table.c[one.field]
    if one.field in ANY_CASE:
        column = sa.func.lower(column, type_=sa.Text)
    known, unknown = [spelled(one.field, value) for value in one.values if value != "unknown"], "unknown" in one.values
    if one.excluded:
        found = column != sa.all_(texts(known)) if known else sa.true()
        return sa.and_(column.is_not(None), found) if unknown else sa.or_(column.is_(None), found)
    ways = [column == known[0]] if len(known) == 1 else [column == sa.any_(texts(known))] if known else []
    return sa.or_(*ways, column.is_(None)) if unknown else ways[0]


def _label(value: str) -> "sa.ColumnElement[bool]":
    label = sim_states.c.label
    return label.is_(None) if value == "none" else label.is_not(None) if value == "has" else _label_begins(value)


def _annotated(organization_id: "int | sa.BindParameter[int]", one: Criterion) -> "sa.ColumnElement[bool]":
    """Tags and custom fields, each by its index: the SIMs that have them are found first, then looked up."""
    a = annotations.c
    if one.field == TAG:
        found = a.tags.overlap(texts(one.values)) if one.excluded else a.tags.contains(texts(one.values))
    else:
        name = one.field.removeprefix(CUSTOM)
        found = sa.or_(*(a.custom_fields.contains({name: value}) for value in one.values))
    theirs = sim_states.c.iccid.in_(sa.select(a.iccid).where(a.organization_id == organization_id, found))
    return sa.not_(theirs) if one.excluded else theirs


def has(word: str, column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[bool]":
    """A word of a search: a part of what a SIM is found by; if short, what the label begins with.

    Digits are also the last ones of a card, with the check digit that is printed on it and not stored.
    """
    if len(word) < SHORTEST:
        return _label_begins(word)
    found = _holds(column, word)
    return sa.or_(found, printed_end(sa.literal(word), column)) if may_be_printed_end(word) else found


def printed_end(digits: "sa.ColumnElement[str]", column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[bool]":
    """Whether a SIM's ICCID ends with these digits, the last of which is its check digit.

    What SIMs are found by begins with the ICCID. An index knows its digits from the last to the first.
    """
    iccid = iccid_in(column)
    at_end = begins(sa.func.reverse(iccid), sa.func.reverse(sa.func.left(digits, -1)))
    return sa.and_(at_end, sa.func.check_digit(iccid) == sa.func.right(digits, 1))


def iccid_in(column: "sa.ColumnElement[Any]") -> "sa.ColumnElement[str]":
    """The ICCID that what a SIM is found by begins with, as the index of ends has it."""
    return sa.func.left(column, sa.literal_column(str(LENGTH)))


def begins(text: "sa.ColumnElement[str]", beginning: "sa.ColumnElement[str]") -> "sa.ColumnElement[bool]":
    """Whether a text begins so, as a range of an index: LIKE would make the text of each row anew, to compare it."""
    above = text.op("~>=~", is_comparison=True)(beginning)
    return sa.and_(above, text.op("~<~", is_comparison=True)(beginning.op("||")(GREATEST)))


def _all_of(asked: Sequence[str], column: "sa.ColumnElement[Any]") -> "Iterator[sa.ColumnElement[bool]]":
    """All words. Short ones beside a longer one, or beside one that the label begins with, are parts of the label."""
    first = max(asked, key=lambda word: len(word) >= SHORTEST, default="")
    for word in asked:
        if word is first or len(word) >= SHORTEST:
            yield has(word, column)
        else:
            yield _holds(sa.func.fold_text(sim_states.c.label), word)


def _label_begins(text: str) -> "sa.ColumnElement[bool]":
    beginning = sa.func.left(sa.func.fold_text(sim_states.c.label), sa.literal_column("255"))  # as the index has it
    return begins(beginning, _folded(text))


def _folded(pattern: str) -> "sa.ColumnElement[str]":
    """Folded as the stored texts are, by the same function of the database: dashes and apostrophes are one sign."""
    return sa.func.fold_text(normal("NFKC", pattern))


def _any_of(identifiers: Sequence[Identifier], column: "sa.ColumnElement[Any]") -> "Iterator[sa.ColumnElement[bool]]":
    """One condition for all ICCIDs, which is a look at a key, and one for each part of the other identifiers."""
    if iccids := [one.iccid for one in identifiers if one.iccid]:
        yield sim_states.c.iccid == sa.func.any(texts(iccids))
    for one in identifiers:
        if one.iccid is None:
            for part, expression in one.parts:
                fits = column.regexp_match(expression) if expression else sa.true()
                yield sa.and_(column.like(_folded(f"%{escaped(part)}%")), fits)
            if may_be_printed_end(one.digits):
                yield printed_end(sa.literal(one.digits), column)


def _holds(column: "sa.ColumnElement[Any]", word: str) -> "sa.ColumnElement[bool]":
    return column.like(_folded(f"%{escaped(normal('NFKC', word))}%"))


def escaped(text: str) -> str:
    """The text as a part of a pattern of LIKE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
