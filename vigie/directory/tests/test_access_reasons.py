"""« Pourquoi ai-je accès ? »: each right with the role, habilitation, service or practitioner it comes from (ACC-30)."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.text import capfirst

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory import access_reasons, rights
from vigie.directory import rights_catalogue as catalogue
from vigie.directory.access_reasons import SiteAccess
from vigie.directory.models import (
    Feature,
    Habilitation,
    MedicalIdentity,
    Membership,
    PractitionerFeature,
    Role,
    ServiceFeature,
    ServiceMembership,
    Site,
    SiteFeature,
    SupportGrant,
)
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import (
    BareDeskFactory,
    MembershipFactory,
    PractitionerFactory,
    ServiceFactory,
    SiteFactory,
    SupportGrantFactory,
    member,
)
from vigie.directory.tests.helping import arranged
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(db: None) -> Site:
    with as_maintenance():
        made: Site = SiteFactory.create(name="CH du Bourg")
    return made


def why(user: User) -> SiteAccess:
    with acting_as(user) as actor:
        (access,) = access_reasons.own_accesses(actor)
    return access


def reasons(access: SiteAccess) -> dict[str, list[str]]:
    return {right.label: [said(reason) for reason in right.reasons] for family in access.families for right in family.rights}


def said(text: str) -> str:
    return text.replace("\xa0", " ")


def habilitate(user: User, *codes: str) -> None:
    with as_maintenance():
        membership = Membership.objects.get(user=user)
        for code in codes:
            Habilitation.objects.create(site=membership.site, membership=membership, code=code)


@pytest.mark.parametrize("role", Role, ids=str)
def test_each_cell_of_the_matrix_that_a_role_gives_is_told_and_no_other(site: Site, role: Role) -> None:
    with as_maintenance():
        desk = BareDeskFactory.create(site=site)
        user = member(site, role)
    told = reasons(why(user))
    name = catalogue.ROLES[role]
    given = {
        capability
        for capability, relations in rights.matrix().items()
        for of_role, scope in relations
        if of_role == role and scope != "habilitation"
    }
    assert set(told) == {capfirst(catalogue.CAPABILITIES[capability]) for capability in given}
    assert all(why_so[0].startswith(f"Rôle {name} :") for why_so in told.values())
    if role is Role.AGENT:
        assert told["Attribuer"] == [f"Rôle Technicien : tout son guichet ({desk.name})"]


def test_two_roles_give_two_reasons(site: Site) -> None:
    with as_maintenance():
        user = member(site, Role.USER, Role.REFERENT)
    assert reasons(why(user))["Lire un incident, sans ses notes internes"] == [
        "Rôle Utilisateur : les siens, ceux que l’on suit, ceux que l’on observe",
        "Rôle Référent : tout son site",
    ]


def test_a_technician_of_a_site_without_a_desk_has_nothing_of_desks(site: Site) -> None:
    with as_maintenance():
        user = member(site, Role.AGENT)
    assert "Attribuer" not in reasons(why(user))


def test_a_habilitation_opens_what_the_role_alone_does_not(site: Site) -> None:
    with as_maintenance():
        user = member(site, Role.USER)
    assert "Lire les rapports" not in reasons(why(user))
    habilitate(user, "documents.read")
    access = why(user)
    assert reasons(access)["Lire les rapports"] == ["Habilitation, avec le rôle Utilisateur"]
    assert "Ouvrir le registre des patients" not in reasons(access)
    assert access.habilitations == ["Lire les documents"]


def test_what_the_matrix_no_longer_gives_is_no_longer_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_maintenance():
        user = member(site, Role.USER)
    with acting_as(user) as actor:
        monkeypatch.setattr(rights, "matrix", lambda: {"incident.file": frozenset({("user", "own")})})
        (access,) = access_reasons.own_accesses(actor)
    assert reasons(access) == {"Déclarer un incident ou une demande": ["Rôle Utilisateur : les siens"]}


def furnished(site: Site) -> User:
    """Return somebody of a service and of a practitioner, who have a feature each."""
    user = member(site, Role.USER, first_name="Claire", last_name="Moreau")
    membership = Membership.objects.get(user=user)
    service = ServiceFactory.create(site=site, name="Cardiologie")
    practitioner = PractitionerFactory.create(site=site, first_name="Hélène", last_name="Lemaire")
    retired = PractitionerFactory.create(site=site, last_name="Rigaud", is_active=False)
    ServiceMembership.objects.create(site=site, membership=membership, service=service)
    for one in (practitioner, retired):
        MedicalIdentity.objects.create(site=site, membership=membership, practitioner=one)
    dpi, dmp = Feature.objects.get(code="dpi"), Feature.objects.get(code="dmp")
    for feature in (dpi, dmp):
        SiteFeature.objects.create(site=site, feature=feature)
    ServiceFeature.objects.create(site=site, service=service, feature=dpi)
    for one in (practitioner, retired):
        PractitionerFeature.objects.create(site=site, practitioner=one, feature=dmp)
    return user


def test_somebody_reads_her_own_accesses_and_why(site: Site) -> None:
    with as_maintenance():
        user = furnished(site)
    page = said(signed_in_client(user).get(reverse("own_access")).content.decode())
    for text in (
        "CH du Bourg",
        "Déclarer un incident ou une demande",
        "Rôle Utilisateur : les siens",
        "Intégration au DPI",
        "via Cardiologie",
        "Envoi vers le DMP",
        "via Dr Hélène Lemaire",
    ):
        assert text in page, text
    assert "Rigaud" not in page


def test_each_site_has_its_own_reasons_and_a_site_left_has_none(site: Site) -> None:
    with as_maintenance():
        user = member(site, Role.USER)
        second = SiteFactory.create(name="Clinique")
        MembershipFactory.create(user=user, site=second, roles=["referent"])
        MembershipFactory.create(user=user, site=SiteFactory.create(name="Ancien site"), is_active=False)
    with acting_as(user) as actor:
        found = {access.site_name: list(access.roles) for access in access_reasons.own_accesses(actor)}
    assert found == {"CH du Bourg": ["Utilisateur"], "Clinique": ["Référent"]}


def test_whoever_administers_is_told_what_that_does_not_give(site: Site) -> None:
    with as_maintenance():
        adele = member(site, Role.ADMIN)
        claire = member(site)
    line = "ne donne aucun droit sur les incidents"
    assert line in signed_in_client(adele).get(reverse("own_access")).content.decode()
    assert line not in signed_in_client(claire).get(reverse("own_access")).content.decode()


def test_an_administrator_reads_why_a_member_has_access(site: Site) -> None:
    with as_maintenance():
        user, adele = furnished(site), member(site, Role.ADMIN)
        membership = Membership.objects.get(user=user)
        waiting = MembershipFactory.create(site=site, accepted_at=None, activated_at=None)
    client = signed_in_client(adele)
    page = said(client.get(reverse("directory:member", args=[membership.id])).content.decode())
    for text in ("Pourquoi cet accès", "Rôle Utilisateur : les siens", "Cardiologie", "Dr Hélène Lemaire"):
        assert text in page, text
    line = "Ces droits ne valent pas pour l’instant"
    assert line not in page
    assert line in said(client.get(reverse("directory:member", args=[waiting.id])).content.decode())


def test_the_way_to_it_is_in_the_account_and_closed_to_strangers(site: Site, client: Client) -> None:
    with as_maintenance():
        user = member(site)
    browser = signed_in_client(user)
    for page in ("accounts:profile", "accounts:security"):
        assert f'href="{reverse("own_access")}"' in browser.get(reverse(page)).content.decode()
    assert client.get(reverse("own_access"))["Location"].startswith("/compte/connexion/")


@pytest.mark.usefixtures("steady_matrix")
def test_one_s_accesses_cost_the_same_with_one_site_and_with_thirty(site: Site) -> None:
    with as_maintenance():
        user = furnished(site)
    client = signed_in_client(user)
    costs: list[Any] = []
    for length in (0, 29):
        with as_maintenance():
            for _ in range(length):
                other = SiteFactory.create()
                membership = MembershipFactory.create(user=user, site=other)
                ServiceMembership.objects.create(site=other, membership=membership, service=ServiceFactory.create(site=other))
        client.get(reverse("own_access"))
        with CaptureQueriesContext(connection) as statements:
            assert client.get(reverse("own_access")).status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1]


def test_a_site_lent_to_a_support_is_told_with_its_grant() -> None:
    aid = arranged()
    with as_maintenance():
        SupportGrant.objects.filter(pk=aid.grant.pk).delete()
        SupportGrantFactory.create(
            site=aid.site, support_site=aid.support, granted_by=aid.adele, capabilities=["users.read", "features.activate"]
        )
    with acting_as(aid.sam) as actor:
        (lent,) = (access for access in access_reasons.own_accesses(actor) if access.site_name == aid.site.name)
    assert list(lent.roles) == ["Site de support"]
    told = reasons(lent)
    assert set(told) == {"Lire les fiches des personnes", "Activer des fonctionnalités pour des services"}
    for (reason,) in told.values():
        assert reason.startswith(f"Délégation du site à {aid.support.name}, jusqu’au ")
