"""The patients of the demonstration's hospital: invented, the same at each run, and sealed as a browser would.

Their names are made of syllables that no person, place or text of the territory bears: a test looks for them in all that
the server keeps, and must find none (SEA-10).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from vigie.accounts.models import User
from vigie.directory.models import Site
from vigie.patients.models import SEALED, Patient
from vigie.sealing.protocol import DataKey, Place, new_revision, seal_field
from vigie.web.seed.dice import Dice

_BEGINNINGS = ("Barvel", "Corvan", "Dalmoz", "Estrev", "Falgou", "Gorvel", "Hasquen", "Jolmar", "Kermoz", "Lasvig", "Morzel", "Nalgou")
_ENDS = ("ard", "eau", "ier", "oux", "ac", "enne", "ault", "igny", "ot", "ette")
_GIVEN: tuple[str, ...] = (
    *("Aurore", "Blandine", "Célestin", "Delphin", "Eulalie", "Firmin", "Gaspard", "Hortense", "Isaure", "Joachim", "Léontine", "Maëlys"),
    *("Noélie", "Octave", "Perrine", "Quentin", "Rosalie", "Siméon", "Théodule", "Ursule", "Victorine", "Wandrille", "Yseult", "Zélie"),
)
_STREETS = ("rue des Tanneurs", "allée des Tilleuls", "chemin du Lavoir", "place du Marché", "impasse des Cerisiers", "quai de la Loire")
_NOTES = (
    "Porte des appareils auditifs ; parler en face.",
    "Appeler sa fille avant toute sortie.",
    "Ne lit pas le français ; vient avec un interprète.",
    "Se déplace en fauteuil : prévoir l’accès par le bâtiment B.",
)


@dataclass(frozen=True, slots=True)
class Volume:
    """How many patients the demonstration has, and the seed that invents them."""

    full: int
    small: int
    seed: int


DEMONSTRATION = Volume(full=240, small=40, seed=2026)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an invented patient is, field by field, in clear: known here, in tests, and nowhere in the server."""

    family_name: str
    given_name: str
    birth_date: str
    birth_name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    note: str = ""


def identities(count: int, *, seed: int) -> Iterator[Identity]:
    """Yield the invented patients of a seed, always in the same order."""
    dice = Dice(f"patients {seed}")
    for _ in range(count):
        family, given = _family_name(dice), dice.one_of(_GIVEN)
        born = date(1925, 1, 1) + timedelta(days=dice.randrange(36_000))
        handle = f"{given}.{family}".lower().encode("ascii", "ignore").decode()
        yield Identity(
            family_name=family,
            given_name=given,
            birth_date=born.isoformat(),
            birth_name=_family_name(dice) if dice.happens(0.3) else "",
            phone=f"06 99 {dice.randrange(100):02} {dice.randrange(100):02} {dice.randrange(100):02}" if dice.happens(0.9) else "",
            email=f"{handle}@courriel.example" if dice.happens(0.5) else "",
            address=f"{dice.randrange(1, 120)} {dice.one_of(_STREETS)}\n45000 Bourg-{family}" if dice.happens(0.7) else "",
            note=dice.one_of(_NOTES) if dice.happens(0.2) else "",
        )


def sealed_patients(
    site: Site, *, instance: UUID, data_key: DataKey, writers: list[User], count: int, seed: int, now: datetime
) -> list[Patient]:
    """Return, not stored, the patients of a site, from reference 1 on, each value sealed with the site's data key."""
    dice = Dice(f"register {seed}")
    patients = []
    for reference, identity in enumerate(identities(count, seed=seed), start=1):
        at = now - timedelta(days=(count - reference) * 300 / max(1, count), minutes=dice.randrange(600))
        patient = Patient(
            id=dice.identifier(at),
            site=site,
            reference=reference,
            emr_identifier=f"DPI-{7_000_000 + dice.randrange(10) + reference * 10}" if dice.happens(0.85) else "",
            created_at=at,
            updated_at=at,
            updated_by=dice.one_of(writers),
        )
        place = {"instance": str(instance), "scope": data_key.scope, "record": patient.record}
        for name in SEALED:
            text = getattr(identity, name)
            setattr(patient, name, seal_field(data_key, Place(field=name, **place), text, rev=new_revision()) if text else "")
        patients.append(patient)
    return patients


def _family_name(dice: Dice) -> str:
    return dice.one_of(_BEGINNINGS) + dice.one_of(_ENDS)
