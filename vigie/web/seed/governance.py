"""What has been done in the administration before today: acts of the journal, a decision on rights, a draft of terms.

The journal tells what the territory shows: who was invited, deactivated, appointed. It is a part of the story, not all of it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from vigie.accounts.models import TermsDraft
from vigie.audit.models import Act
from vigie.directory.models import Membership, Role, Site, Space
from vigie.web.seed.dice import Dice
from vigie.web.seed.settlement import Settlement

MOST_ACTS: Final = 240
DECISION: Final = ("incident.nudge", "user", "followed")
"""What operators decided against the delivered matrix: whoever follows an incident may nudge."""
REASON: Final = "Demande du comité des utilisateurs : suivre sans pouvoir relancer n’aidait personne."
_DRAFT_FR: Final = """

7. Vous pouvez déléguer l’administration de votre site à une organisation de support. Elle n’y voit aucun nom de patient."""
_DRAFT_EN: Final = """

7. You may delegate the administration of your site to a support organisation. It sees no name of any patient there."""


class Governance:
    """Acts in the name of the sites and of the platform, in the months before `now`."""

    def __init__(self, settlement: Settlement, *, now: datetime, seed: int) -> None:
        self._dice = Dice(f"{seed}:governance")
        self._now = now
        self._sites = {row.id: row for row in settlement.rows[Site] if isinstance(row, Site)}
        self._spaces = {row.id: row for row in settlement.rows[Space] if isinstance(row, Space)}
        self._members = [row for row in settlement.rows[Membership] if isinstance(row, Membership)]
        self._operator = next(member for member in self._members if Role.OPERATOR in member.roles)

    @property
    def operator(self) -> tuple[UUID, str]:
        """Account and name of the operator who governs."""
        return cast("UUID", self._operator.user_id), self._operator.full_name

    def acts(self) -> list[Act]:
        """Return the acts in the order they were done: that of their identifiers, and of the chains."""
        made = [*self._of_sites(), *self._of_the_platform()]
        return sorted(made, key=lambda act: act.id)[-MOST_ACTS:]

    def _of_sites(self) -> Iterator[Act]:
        for site in self._sites.values():
            of_site = [member for member in self._members if member.site_id == site.id]
            administrators = [member for member in of_site if Role.ADMIN in member.roles and member.is_active]
            others = [member for member in of_site if member not in administrators]
            if not administrators:
                continue
            for member in others[:12]:
                administrator = self._dice.one_of(administrators)
                at = self._some_day()
                yield self._act(administrator, "member.invited", site, member, at, roles=list(member.roles))
                if member.accepted_at is not None:
                    yield self._act(member, "invitation.accepted", site, member, at + self._dice.minutes(2_000))
                elif self._dice.happens(0.5):
                    yield self._act(administrator, "invitation.resent", site, member, at + timedelta(days=9))
                if not member.is_active:
                    yield self._act(administrator, "member.deactivated", site, member, at + timedelta(days=30))
                elif Role.REFERENT in member.roles:
                    yield self._act(administrator, "member.access_changed", site, member, at + timedelta(days=3), roles=["+referent"])
                elif self._dice.happens(0.2):
                    yield self._act(administrator, "member.edited", site, member, at + timedelta(days=5), fields=["function"])
            if self._dice.happens(0.5):
                yield self._act(self._dice.one_of(administrators), "members.exported", site, None, self._some_day(), rows=len(of_site))

    def _of_the_platform(self) -> Iterator[Act]:
        for months in (9, 5, 2):
            at = self._now - timedelta(days=30 * months, hours=3)
            yield self._act(self._operator, "journal.verified", None, None, at)
        exported = self._now - timedelta(days=12, hours=2)
        yield self._act(self._operator, "journal.exported", None, None, exported, rows=48)

    def draft(self, text_fr: str, text_en: str) -> TermsDraft:
        """Return the terms that the operator is preparing from those in force."""
        return TermsDraft(
            text_fr=text_fr + _DRAFT_FR,
            text_en=text_en + _DRAFT_EN,
            updated_at=self._now - timedelta(days=2, hours=5),
            updated_by_name=self._operator.full_name,
        )

    def _some_day(self) -> datetime:
        return self._now - timedelta(days=35 + self._dice.random() * 300, minutes=self._dice.random() * 600)

    def _act(self, author: Membership, code: str, site: Site | None, about: Membership | None, at: datetime, **details: object) -> Act:
        at = min(at, self._now - timedelta(minutes=5))
        if about is not None:
            kind, identifier, name = "membership", str(about.id), about.full_name
        elif site is not None:
            kind, identifier, name = "site", str(site.id), site.name
        else:
            kind, identifier, name = "journal", "platform", ""
        return Act(
            id=self._dice.identifier(at),
            space_id=site.space_id if site else None,
            site_id=site.id if site else None,
            at=at,
            actor_id=author.user_id,
            actor_name=author.full_name,
            code=code,
            object_kind=kind,
            object_id=identifier,
            object_name=name,
            subject_id=about.user_id if about else None,
            details=details,
        )
