"""Who may do what to members of sites. The only place where rights on people are decided.

The matrix (`rights`) says which relation gives which right; here it is told what relation a person has to a site or
to one of its members.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vigie.directory import rights
from vigie.directory.actors import Actor
from vigie.directory.models import LoanCard, Membership, Practitioner, Role, Service, SiteKind, SupportGrant
from vigie.foundation.errors import NotAllowed, Unseen

_NOT_HERS = _("Vous n’avez pas le droit de toucher aux facteurs de cette personne.")


class BeyondTheGrant(NotAllowed):
    message = _(
        "La délégation de ce site à votre organisation ne comprend pas cette action. Demandez-la à un administrateur du site, "
        "qui peut la faire ou accorder une autre délégation."
    )


_SUPPORT: frozenset[rights.Relation] = frozenset({("support", "granted")})


def relations_to_site(actor: Actor, site_id: UUID) -> frozenset[rights.Relation]:
    """Return what this person is to all the members of a site by her own roles. Grants are asked with `may`."""
    found: set[rights.Relation] = set()
    for role in (Role.ADMIN, Role.REFERENT):
        if site_id in actor.sites_as(role):
            found.add((role, "site"))
    if actor.has(Role.OPERATOR):
        found.add((Role.OPERATOR, "platform"))
    return frozenset(found)


def granted(actor: Actor, capability: str, site_id: UUID) -> bool:
    """Tell whether a grant in force lets her do this in a site that is not hers.

    The matrix must allow it to supports, and the grant too.
    """
    grant = actor.grant_at(site_id, capability)
    if grant is None or is_operator(actor) or not rights.holds(capability, _SUPPORT):
        return False
    if grant not in actor.exercised:
        actor.exercised.append(grant)
    return True


def may(actor: Actor, capability: str, site_id: UUID) -> bool:
    """Tell whether she may do this in a site, by her own roles or by a grant."""
    return rights.holds(capability, relations_to_site(actor, site_id)) or granted(actor, capability, site_id)


def is_delegate(actor: Actor, site_id: UUID) -> bool:
    """Tell whether what she may do in this site comes from a grant alone (SEA-3)."""
    return not is_operator(actor) and actor.grant_at(site_id) is not None


def may_administer(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she may invite, edit and deactivate members of this site (users.write)."""
    return may(actor, "users.write", site_id)


def may_reset_factors(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she may reset factors of members of this site, and so seek them by what they hold (factors.reset)."""
    return rights.holds("factors.reset", relations_to_site(actor, site_id))


def may_lend_cards(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she keeps the register of loan cards of this site: its own administrators, whose drawer it is, not its supports."""
    return rights.holds("users.write", relations_to_site(actor, site_id))


def may_read_members(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she may read the names and addresses of the members of this site (users.read)."""
    return may(actor, "users.read", site_id)


def may_open_console(actor: Actor, site_id: UUID) -> bool:
    """Tell whether the console of this site is hers to read: to write there, ask the capability of each page."""
    return rights.holds("users.write", relations_to_site(actor, site_id)) or granted(actor, "users.read", site_id)


def may_audit_site(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she may read who changed what in this site (audit.read)."""
    return rights.holds("audit.read", relations_to_site(actor, site_id))


def may_audit_herself(actor: Actor) -> bool:
    """Tell whether she may read her own acts and those about her (audit.read)."""
    return rights.holds("audit.read", [(Role.USER, "self")])


def may_audit_site_acts(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she may read the acts in the name of this site: the platform's own journal is the operator's (audit.read)."""
    return rights.holds("audit.read", relations_to_site(actor, site_id) - _platform(actor))


def may_audit_platform(actor: Actor) -> bool:
    """Tell whether she may read the acts in the name of the platform (audit.read)."""
    return rights.holds("audit.read", _platform(actor))


def may_configure_desk(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she may configure the desks of this site (desk.configure)."""
    return rights.holds("desk.configure", relations_to_site(actor, site_id))


def may_open_desk(actor: Actor) -> bool:
    """Tell whether she may open desks, at any site (desk.configure)."""
    return rights.holds("desk.configure", _platform(actor))


def may_appoint(actor: Actor) -> bool:
    """Tell whether she may appoint and remove administrators (admins.appoint)."""
    return rights.holds("admins.appoint", _platform(actor))


def may_change_rights(actor: Actor) -> bool:
    """Tell whether she may change the matrix itself (rights.change)."""
    return rights.holds("rights.change", _platform(actor))


def may_activate_features(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she may choose the services that have a feature of this site (features.activate)."""
    return may(actor, "features.activate", site_id)


def may_define_features(actor: Actor) -> bool:
    """Tell whether she may define features, make them available and give them to practitioners (features.practitioner)."""
    return rights.holds("features.practitioner", _platform(actor))


def may_change_email(actor: Actor) -> bool:
    """Tell whether she may give accounts another address (email.change)."""
    return rights.holds("email.change", _platform(actor))


def may_deactivate_accounts(actor: Actor) -> bool:
    """Tell whether she may close accounts and open them again (account.deactivate)."""
    return rights.holds("account.deactivate", _platform(actor))


def may_unlock_accounts(actor: Actor) -> bool:
    """Tell whether she may let in whoever is stopped, in any site or none (factors.reset)."""
    return rights.holds("factors.reset", _platform(actor))


def is_operator(actor: Actor) -> bool:
    """Tell whether she operates the platform."""
    return actor.has(Role.OPERATOR)


def administers_somewhere(actor: Actor) -> bool:
    """Tell whether there is a site whose members she may administer; whoever helps another site administers her own."""
    return is_operator(actor) or bool(administered_sites(actor))


def administered_sites(actor: Actor) -> frozenset[UUID]:
    """Return the sites of hers that she administers; an operator may administer the others too."""
    return frozenset(site for site in actor.sites_as(Role.ADMIN) if may_administer(actor, site))


def _platform(actor: Actor) -> frozenset[rights.Relation]:
    return frozenset({(Role.OPERATOR.value, "platform")}) if is_operator(actor) else frozenset()


@dataclass(frozen=True)
class MemberAccess:
    """What one person may do to one member of a site."""

    actor: Actor
    membership: Membership

    @cached_property
    def relations(self) -> frozenset[rights.Relation]:
        found = set(relations_to_site(self.actor, self.membership.site_id))
        if self.is_self:
            found.add((Role.USER, "self"))
        return frozenset(found)

    @property
    def is_self(self) -> bool:
        return self.membership.user_id == self.actor.id

    @property
    def may_read(self) -> bool:
        return rights.holds("users.read", self.relations) or granted(self.actor, "users.read", self.membership.site_id)

    @property
    def may_open(self) -> bool:
        """Read her record in the console."""
        return self.may_administer or granted(self.actor, "users.read", self.membership.site_id)

    @property
    def may_administer(self) -> bool:
        """Edit, attach to services, invite again, deactivate. One's own profile is not the console's.

        A support site never touches those who administer the site.
        """
        if Role.OPERATOR in self.membership.roles and not is_operator(self.actor):
            return False
        if Role.ADMIN in self.membership.roles and is_delegate(self.actor, self.membership.site_id):
            return False
        return may_administer(self.actor, self.membership.site_id)

    @property
    def may_change_rights(self) -> bool:
        """Give her roles and habilitations: nobody gives any to herself, operators no more than others."""
        return self.may_administer and not self.is_self

    @property
    def may_appoint(self) -> bool:
        return may_appoint(self.actor)

    @property
    def may_audit(self) -> bool:
        return may_audit_site(self.actor, self.membership.site_id)

    @cached_property
    def has_account(self) -> bool:
        """Tell whether she has accepted: before, there is an address, and nothing to protect."""
        return self.membership.user_id is not None and self.membership.accepted_at is not None

    @cached_property
    def reset_refusal(self) -> Promise | None:
        """Return why her factors may not be reset, nor her account unlocked, by this person; None when they may.

        A reset leaves the mailbox as only second factor, everywhere. So a site decides for those who matter to it alone:
        whoever is more than a user in a site that this person does not administer, and every operator, is the
        operator's. One's own factors have a page of their own, which asks for them.
        """
        if not self.has_account or not rights.holds("factors.reset", self.relations - {(Role.USER.value, "self")}):
            return _NOT_HERS
        if self.is_self:
            return _("Vos propres facteurs se gèrent dans « Sécurité », depuis le menu à votre nom.")
        if is_operator(self.actor):
            return None
        if Role.OPERATOR in self.membership.roles or _is_more_elsewhere(self.membership.user_id, administered_sites(self.actor)):
            return _(
                "Cette personne a aussi des responsabilités hors des sites que vous administrez : seul l’opérateur de la "
                "plateforme peut toucher à ses facteurs."
            )
        return None

    @property
    def may_see_factors(self) -> bool:
        """See which kinds she holds and where her sessions are, never what is in them."""
        return self.has_account and rights.holds("factors.reset", self.relations) and self.may_administer

    @property
    def may_grant_networks(self) -> bool:
        return self.has_account and rights.holds("factors.ip", self.relations)

    def require(self, allowed: bool) -> None:  # noqa: FBT001 - the answer of one of the questions above
        """Raise NotAllowed unless the answer was yes."""
        if not allowed:
            raise BeyondTheGrant if is_delegate(self.actor, self.membership.site_id) else NotAllowed


def _is_more_elsewhere(person: UUID | None, sites: Collection[UUID]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT directory_is_more_elsewhere(%s, %s::uuid[])", [person, list(sites)])
        row = cursor.fetchone()
    return row is None or bool(row[0])


def access_membership(actor: Actor, id: UUID, *, lock: bool = False) -> MemberAccess:  # noqa: A002
    """Return what this person may do to a member.

    Raises Unseen when she may not read her, exactly as when she does not exist.
    """
    memberships = Membership.objects.select_related("site")
    if lock:
        memberships = Membership.objects.select_for_update(of=("self",)).select_related("site")
    membership = memberships.filter(id=id).first()
    if membership is None and lock:
        # A support site reads the administrators of the site that it helps, and the database lets it lock none.
        membership = Membership.objects.select_related("site").filter(id=id).first()
    if membership is None:
        raise Unseen
    access = MemberAccess(actor, membership)
    if not access.may_read:
        raise Unseen
    return access


def access_service(actor: Actor, id: UUID, *, lock: bool = False) -> Service:  # noqa: A002
    """Return a service of a site that this person administers; Unseen, exactly as if it did not exist, otherwise."""
    services = Service.objects.select_for_update(of=("self",)) if lock else Service.objects
    service = services.select_related("site").filter(id=id).first()
    if service is None or not may_administer(actor, service.site_id):
        raise Unseen
    return service


def access_practitioner(actor: Actor, id: UUID, *, lock: bool = False) -> Practitioner:  # noqa: A002
    """Return a practitioner of a site that this person administers; Unseen, exactly as if she did not exist, otherwise."""
    practitioners = Practitioner.objects.select_for_update(of=("self",)) if lock else Practitioner.objects
    practitioner = practitioners.select_related("site").filter(id=id).first()
    if practitioner is None or not may_administer(actor, practitioner.site_id):
        raise Unseen
    return practitioner


def opened_member(actor: Actor, id: UUID) -> MemberAccess:  # noqa: A002
    """Return what she may do to a member whose record she opens in the console. A colleague sees names elsewhere: Unseen."""
    access = access_membership(actor, id)
    if not access.may_open:
        raise Unseen
    return access


def administered_member(actor: Actor, id: UUID) -> MemberAccess:  # noqa: A002
    """Return the same for somebody who is about to write; not allowed when she may only read."""
    access = opened_member(actor, id)
    access.require(access.may_administer)
    return access


# --- Support sites ---------------------------------------------------------------------------------------------------


def may_grant_support(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she may let a support site administer this one (support_grant.add): never somebody who is one herself."""
    return rights.holds("support_grant.add", relations_to_site(actor, site_id))


def may_withdraw_support(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she may see the support sites of this one, and withdraw them (support_grant.withdraw)."""
    return rights.holds("support_grant.withdraw", relations_to_site(actor, site_id))


def may_help_others(actor: Actor, site_id: UUID) -> bool:
    """Tell whether she administers this support site: whatever other sites lend it is hers to use (SEA-3)."""
    return any(one.site_id == site_id and one.site_kind == SiteKind.SUPPORT and Role.ADMIN in one.roles for one in actor.memberships)


@dataclass(frozen=True)
class GrantAccess:
    """What one person may do to one grant."""

    actor: Actor
    grant: SupportGrant

    @property
    def may_renew(self) -> bool:
        return may_grant_support(self.actor, self.grant.site_id)

    @property
    def may_withdraw(self) -> bool:
        return may_withdraw_support(self.actor, self.grant.site_id)

    @property
    def is_used_by_her(self) -> bool:
        """She acts under it."""
        return any(grant.id == self.grant.id for grant in self.actor.grants)


def access_grant(actor: Actor, id: UUID, *, lock: bool = False) -> GrantAccess:  # noqa: A002
    """Return what this person may do to a grant. Raises Unseen when it is neither her site's to withdraw nor hers to use."""
    grants = SupportGrant.objects.select_for_update(of=("self",)) if lock else SupportGrant.objects
    grant = grants.filter(id=id).first()
    if grant is None:
        raise Unseen
    access = GrantAccess(actor, grant)
    if not access.may_withdraw and not access.is_used_by_her:
        raise Unseen
    return access


def access_card(actor: Actor, id: UUID, *, lock: bool = False) -> LoanCard:  # noqa: A002
    """Return a loan of a card in a site that this person administers; Unseen, exactly as if it did not exist, otherwise."""
    cards = LoanCard.objects.select_for_update(of=("self",)) if lock else LoanCard.objects
    card = cards.select_related("site", "membership").filter(id=id).first()
    if card is None or not may_lend_cards(actor, card.site_id):
        raise Unseen
    return card
