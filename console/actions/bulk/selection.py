"""Which SIMs a bulk action is asked for: identifiers in any spelling, or a filter of the list of SIMs."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.bulk.rules import MOST_SIMS
from console.errors import Invalid
from console.facts.masking import masked_text
from console.iccid import INVISIBLE, known
from console.sims.filter_parameters import FilterRefused, criterion_of, parameters_of, read_filter
from console.sims.filters import conditions, texts
from console.sims.identifiers import NATIONAL_PREFIX, OF_IMEI, WITH_VERSION, Identifier, first_identifier
from console.sims.rules import SimFilter
from console.sims.search import SEPARATORS, SearchTooLong, parse_search
from console.sims.tables import sim_states, sims
from console.unicode_text import normal

LONGEST_WRITTEN = 40  # characters of what is kept of an identifier that is none


class Selection(Struct, frozen=True, kw_only=True):
    """The SIMs that are asked for: these, or those that a filter finds."""

    iccids: Sequence[str] = ()  # or what was written instead of one
    wanted: SimFilter | None = None

    def candidates(self, organization_id: int) -> "sa.Select[tuple[str]]":
        """Each ICCID once."""
        if self.wanted is None:
            return sa.select(sa.func.unnest(texts(self.iccids)).label("iccid"))
        return sa.select(sim_states.c.iccid).where(*conditions(organization_id, self.wanted))

    @property
    def text(self) -> str:
        """Which SIMs were chosen, as a sentence of plans and approvals has it: it names no IMSI and no MSISDN."""
        if self.wanted is None:
            return f"{len(self.iccids):,} identifiers that were given"
        parts = [f"“{self.wanted.q}”"] if self.wanted.q else []
        parts += [f"{name} {value}" for name, value in parameters_of(self.wanted)]
        return masked_text(f"SIMs with {', '.join(parts)}")[:500] if parts else "All watched SIMs"


def of_filter(parameters: Iterable[tuple[str, str]], *, masked: bool = False) -> Selection:
    """What the list of SIMs shows with these parameters. Raises Invalid for one that it does not have.

    `masked`: nothing is found by IMSI or MSISDN.
    """
    given = list(parameters)
    q = " ".join(value for name, value in given if name == "q")
    try:
        unknown = [name for name, _ in given if name != "q" and criterion_of(name) is None]
        if unknown:
            raise Invalid(f"SIMs can't be filtered by {unknown[0][:40]!r}", parameter=unknown[0][:40])
        parse_search(q)
        return Selection(wanted=read_filter(given, q, masked=masked))
    except (FilterRefused, SearchTooLong) as error:
        raise Invalid(str(error)) from error


def identifiers_in(text: str) -> list[Identifier]:
    """Every identifier in what was pasted, or in a CSV file, each once; words around them are passed over.

    Takes a second for 50,000: call it in a thread. Raises Invalid for more than MOST_SIMS.
    """
    text = NATIONAL_PREFIX.sub("", WITH_VERSION.sub(r"\1", INVISIBLE.sub("", normal("NFKC", text))))
    found: dict[str, Identifier] = {}
    for chunk in SEPARATORS.split(text):
        pieces = chunk.split()
        while pieces:
            identifier, used = first_identifier(pieces) or (None, 1)
            if identifier is not None:
                found.setdefault(identifier.digits, identifier)
            pieces = pieces[used:]
        if len(found) > MOST_SIMS:
            raise Invalid(f"A bulk action is for at most {MOST_SIMS:,} SIMs")
    return list(found.values())


def of_iccids(written: Iterable[str]) -> Selection:
    """ICCIDs in any spelling, each once; what is none stays as it was written, and is not found."""
    return Selection(iccids=list(dict.fromkeys(known(one) or one[:LONGEST_WRITTEN] for one in written)))


async def of_identifiers(
    connection: AsyncConnection, organization_id: int, identifiers: Sequence[Identifier]
) -> Selection:
    """ICCIDs as they are; an IMSI, MSISDN or IMEI becomes the ICCIDs of the SIMs that have it, if there are any."""
    iccids = {one.digits: [one.iccid] for one in identifiers if one.iccid}
    others = {value: one.digits for one in identifiers if not one.iccid for value in (*one.values, one.imei) if value}
    c, device = sims.c, sa.func.left(sims.c.imei, OF_IMEI)
    asked = texts([*others])
    for column in (c.imsi, c.msisdn, device) if others else ():
        query = sa.select(c.iccid, column).where(c.organization_id == organization_id, column == sa.any_(asked))
        for iccid, value in (await connection.execute(query)).all():
            iccids.setdefault(others[value], []).append(iccid)
    every = [iccid for one in identifiers for iccid in iccids.get(one.digits, [one.written[:LONGEST_WRITTEN]])]
    return Selection(iccids=list(dict.fromkeys(every)))


def digest_of(*asked: Any) -> str:
    """A short text that is the same for the same request."""
    return hashlib.blake2b(msgspec.json.encode(asked, order="deterministic"), digest_size=16).hexdigest()
