"""How each organization's chain stands: up to when its lines are sealed, when it was verified, and what is wrong."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.audit.rules import INSTALLATION
from console.audit.tables import lines, seals, unsealed, verifications
from console.organizations.tables import organizations

SEALED_WITHIN = timedelta(minutes=2)  # the job runs every ten seconds
VERIFIED_WITHIN = timedelta(hours=26)  # the job runs every day


class Chain(Struct, frozen=True, kw_only=True):
    """Of the lines of one organization, or of the installation."""

    organization_id: int
    organization: str  # its short name
    sealed_to: datetime | None  # the time of the last line that is sealed
    waiting_since: datetime | None  # the time of the first that is not
    first_sealed_at: datetime | None
    verified_at: datetime | None
    number: int | None  # up to which line it was verified
    fault: str | None  # the first line that did not hold, in words

    def sealing_is_late(self, now: datetime) -> bool:
        """Whether a line has waited longer for its seal than it should."""
        return self.waiting_since is not None and now - self.waiting_since > SEALED_WITHIN

    def verification_is_late(self, now: datetime) -> bool:
        """Whether there are sealed lines and nobody has verified them for longer than should be."""
        since = self.verified_at or self.first_sealed_at
        return since is not None and now - since > VERIFIED_WITHIN

    def troubles(self, now: datetime) -> list[str]:
        """What is wrong, in words; empty if nothing is."""
        found = [f"the trail does not hold: {self.fault}"] if self.fault else []
        if self.sealing_is_late(now):
            found.append(f"lines have not been sealed since {self.waiting_since:%Y-%m-%d %H:%M} UTC")
        if self.verification_is_late(now):
            at = f"{self.verified_at:%Y-%m-%d %H:%M} UTC" if self.verified_at else "it began"
            found.append(f"it has not been verified since {at}")
        return found


async def chain(connection: AsyncConnection, organization_id: int) -> Chain:
    """How the chain of this organization stands."""
    return next(one for one in await _chains(connection, organization_id) if one.organization_id == organization_id)


async def every_chain(connection: AsyncConnection) -> list[Chain]:
    """How the chains of the installation and of all organizations stand."""
    return await _chains(connection, None)


async def _chains(connection: AsyncConnection, organization_id: int | None) -> list[Chain]:
    known = sa.union_all(
        sa.select(organizations.c.id, organizations.c.slug),
        sa.select(sa.literal(INSTALLATION).label("id"), sa.literal("installation").label("slug")),
    ).subquery("known")
    s, v = seals.c, verifications.c
    mine = s.organization_id == known.c.id
    last = sa.select(s.line_id).where(mine).order_by(s.number.desc()).limit(1).scalar_subquery()
    waiting = (
        sa.select(lines.c.organization_id, sa.func.min(lines.c.at).label("since"))
        .join(unsealed, unsealed.c.line_id == lines.c.id)
        .group_by(lines.c.organization_id)
        .subquery()
    )
    query = (
        sa.select(
            known.c.id.label("organization_id"),
            known.c.slug.label("organization"),
            sa.select(lines.c.at).where(lines.c.id == last).scalar_subquery().label("sealed_to"),
            waiting.c.since.label("waiting_since"),
            sa.select(s.sealed_at).where(mine).order_by(s.number).limit(1).scalar_subquery().label("first_sealed_at"),
            v.verified_at,
            v.number,
            v.fault,
        )
        .outerjoin(waiting, waiting.c.organization_id == known.c.id)
        .outerjoin(verifications, v.organization_id == known.c.id)
    )
    if organization_id is not None:
        query = query.where(known.c.id == organization_id)
    return [Chain(**row._mapping) for row in await connection.execute(query)]
