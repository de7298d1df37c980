"""Who may do what with the patient register of a site. The only place where rights on patients are decided.

The register is opened by habilitation, never by a role: being an administrator or an operator gives nothing here. A support
site that was entrusted with the site sees its page, numbers and all, with every name sealed: it never gets the key.
Row-level security repeats all of it (migration 0002).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from vigie.directory import rights
from vigie.directory.actors import Actor, MembershipFacts
from vigie.directory.models import Site
from vigie.directory.policies import is_delegate
from vigie.foundation.errors import NotAllowed, Unseen
from vigie.foundation.rows import one_or_none
from vigie.patients.models import Patient

OPEN = "patients.open"
WRITE = "patients.write"


@dataclass(frozen=True)
class RegisterAccess:
    """What one person may do with the register of one site."""

    actor: Actor
    site: Site
    may_write: bool
    is_delegate: bool
    """She helps this site for a support site: she sees numbers, and ciphertext where names are."""

    def require(self, allowed: bool) -> None:  # noqa: FBT001 - the answer of one of the questions above
        """Raise NotAllowed unless the answer was yes."""
        if not allowed:
            raise NotAllowed


@dataclass(frozen=True)
class PatientAccess:
    """What one person may do with one patient."""

    register: RegisterAccess
    patient: Patient


def access_register(actor: Actor, number: str) -> RegisterAccess:
    """Return what this person may do with the register of a site.

    Raises Unseen when she may not open it, exactly as when there is no such site.
    """
    membership = next((membership for membership in actor.memberships if membership.site_number == number), None)
    if membership is not None and _holds(membership, OPEN):
        site = Site.objects.get(id=membership.site_id)
        return RegisterAccess(actor, site, may_write=_holds(membership, WRITE), is_delegate=False)
    return _delegated(actor, number)


def _delegated(actor: Actor, number: str) -> RegisterAccess:
    """The page of a site entrusted to a support site: whatever its grant lends, it shows no name (SEA-4)."""
    grant = next((grant for grant in actor.grants if grant.site_number == number), None)
    if grant is None or not is_delegate(actor, grant.site_id) or not rights.holds(OPEN, {("support", "granted")}):
        raise Unseen
    if grant not in actor.exercised:
        actor.exercised.append(grant)
    return RegisterAccess(actor, Site.objects.get(id=grant.site_id), may_write=False, is_delegate=True)


def access_patient(actor: Actor, id: UUID, *, lock: bool = False) -> PatientAccess:  # noqa: A002
    """Return what this person may do with a patient.

    Raises Unseen when she may not see that there is one, exactly as when there is none.
    """
    patients = Patient.objects.select_related("site")
    patient = one_or_none((patients.select_for_update(of=("self",)) if lock else patients).filter(id=id))
    if patient is None:
        raise Unseen
    return PatientAccess(access_register(actor, patient.site.number), patient)


def registers_of(actor: Actor) -> list[MembershipFacts]:
    """Return her memberships that open a register, by the name of the site."""
    return [membership for membership in actor.memberships if _holds(membership, OPEN)]


def unknown_references(actor: Actor, site_id: UUID, references: Iterable[int]) -> list[int]:
    """Return those of these numbers that no patient of the site bears, as far as this person may know: all, if she may not open it."""
    wanted = list(references)
    if site_id not in {membership.site_id for membership in registers_of(actor)}:
        return wanted
    known = set(Patient.objects.filter(site=site_id, reference__in=wanted).values_list("reference", flat=True))
    return [reference for reference in wanted if reference not in known]


def _holds(membership: MembershipFacts, capability: str) -> bool:
    held = {OPEN, capability} <= membership.habilitations
    return held and rights.holds(capability, {(role, "habilitation") for role in membership.roles})
