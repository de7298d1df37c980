"""People who were invited and have not all come yet, and how often some of those who have want mail (ACC-11, ACC-30).

Nobody holds the links of these invitations: sending one again makes a link that the demonstration's mailbox receives.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Model

from vigie.accounts.models import User
from vigie.directory.invitations import VALID_FOR, bond_of
from vigie.directory.models import Invitation, Membership, Role, Service, ServiceMembership, Site
from vigie.notifications.models import MailChoice, MailFrequency
from vigie.web.seed.dice import Dice
from vigie.web.seed.settlement import Settlement, ascii_letters
from vigie.web.seed.territory import MAIL_DOMAIN

_SITE: Final = "CH de Saint-Aubrin"
_REMINDERS: Final = (3, 7, 12)


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was invited so many days ago."""

    first_name: str
    last_name: str
    function: str
    days: float
    services: tuple[str, ...] = ()
    is_active: bool = True


INVITED: Final = (
    Invited("Maëlle", "Kerdoncuff", "Infirmière", 0.1, ("Cardiologie",)),
    Invited("Bastien", "Courtemanche", "Manipulateur en radiologie", 1.2, ("Imagerie",)),
    Invited("Solène", "Vauquelin", "Secrétaire médicale", 4.5, ("Pédiatrie",)),
    Invited("Yanis", "Belhadj", "Interne", 8.3, ("Urgences",)),
    Invited("Odile", "Trémaux", "Cadre de santé", 13.2, ("Gériatrie",)),
    Invited("Rémi", "Castelnau", "Préparateur en pharmacie", 16.0, ("Pharmacie",)),
    Invited("Fanny", "Desrosiers", "Aide-soignante", 41.0, ("Médecine polyvalente",)),
    Invited("Gaël", "Lestringant", "Intérimaire", 60.0, (), is_active=False),
)
DAILY: Final = frozenset({f"thierry.lambert@{MAIL_DOMAIN}", f"helene.vasseur@{MAIL_DOMAIN}"})
"""Those who want one summary a day of the progress of incidents."""


def waiting_rows(settlement: Settlement, *, seed: int, now: datetime) -> list[Model]:
    """Return what to store, in an order that foreign keys accept."""
    dice = Dice(f"{seed}:waiting")
    site = next(row for row in settlement.rows[Site] if isinstance(row, Site) and row.name == _SITE)
    services = {row.name: row for row in settlement.rows[Service] if isinstance(row, Service) and row.site_id == site.id}
    administrator = next(
        row for row in settlement.rows[Membership] if isinstance(row, Membership) and row.site_id == site.id and Role.ADMIN in row.roles
    )
    rows: list[Model] = []
    for person in INVITED:
        sent_at = now - timedelta(days=person.days)
        member = Membership(
            id=dice.identifier(sent_at),
            site=site,
            email=f"{ascii_letters(person.first_name)}.{ascii_letters(person.last_name)}@{MAIL_DOMAIN}",
            first_name=person.first_name,
            last_name=person.last_name,
            function=person.function,
            roles=[Role.USER.value],
            is_active=person.is_active,
            invitation_sent_at=sent_at,
            invitation_expires_at=sent_at + VALID_FOR,
        )
        rows.append(member)
        rows += [ServiceMembership(site=site, membership=member, service=services[name]) for name in person.services]
        is_over = person.days >= VALID_FOR.days or not person.is_active
        rows.append(
            Invitation(
                id=dice.identifier(sent_at),
                site=site,
                membership=member,
                digest=f"{dice.getrandbits(256):064x}",
                bound=bond_of(member),
                invited_by_id=administrator.user_id,
                invited_by_name=administrator.full_name,
                sent_at=sent_at,
                expires_at=sent_at + VALID_FOR,
                ended_at=sent_at + VALID_FOR if is_over else None,
                reminders=[days for days in _REMINDERS if days <= person.days],
            )
        )
    rows += [
        MailChoice(user_id=row.id, kind="incident.progress", frequency=MailFrequency.DAILY)
        for row in settlement.rows[User]
        if isinstance(row, User) and row.email in DAILY
    ]
    return rows
