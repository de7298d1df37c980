"""Features: defined by the operator, open to a site, activated for its services, given to practitioners, explained (ACC-24, ACC-25)."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory import feature_actions, feature_queries
from vigie.directory.models import (
    Feature,
    MedicalIdentity,
    Membership,
    Practitioner,
    PractitionerFeature,
    Role,
    Service,
    ServiceFeature,
    ServiceMembership,
    Site,
    SiteFeature,
)
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, PractitionerFactory, ServiceFactory, SiteFactory, member
from vigie.foundation.errors import NotAllowed, Unseen
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db

KNOWN = {
    "dpi": "Intégration au DPI",
    "dmp": "Envoi vers le DMP",
    "coordonnees-patient": "Remontée des e-mails/téléphones patient depuis la GAM/GAP",
    "pmsi": "Redirection vers le PMSI",
}


@dataclass(frozen=True)
class Territory:
    site: Site
    cardiology: Service
    imaging: Service
    foreign: Service
    """A service of another site."""
    lemaire: Practitioner
    claire: Membership
    adele: User
    """Administrator of the site."""
    eve: User
    """Administrator of the other site."""
    paul: User
    """Operator."""

    def get(self, page: str, /, *args: object, user: User | None = None) -> Any:
        return signed_in_client(user or self.adele).get(reverse(f"directory:{page}", args=args))

    def post(self, page: str, /, *args: object, user: User | None = None, **fields: Any) -> Any:
        return signed_in_client(user or self.adele).post(reverse(f"directory:{page}", args=args), fields, follow=True)

    def open(self, *codes: str) -> None:
        with as_maintenance():
            for feature in Feature.objects.filter(code__in=codes):
                SiteFeature.objects.create(site=self.site, feature=feature)

    def activate(self, code: str, *services: Service) -> None:
        with as_maintenance():
            for service in services:
                ServiceFeature.objects.create(site=self.site, service=service, feature=Feature.objects.get(code=code))

    def give(self, *codes: str) -> None:
        with as_maintenance():
            for feature in Feature.objects.filter(code__in=codes):
                PractitionerFeature.objects.create(site=self.site, practitioner=self.lemaire, feature=feature)

    def attach(self, *services: Service) -> None:
        with as_maintenance():
            for service in services:
                ServiceMembership.objects.create(site=self.site, membership=self.claire, service=service)

    def identify(self) -> None:
        with as_maintenance():
            MedicalIdentity.objects.create(site=self.site, membership=self.claire, practitioner=self.lemaire)

    def with_feature(self, code: str) -> set[str]:
        """Return the names of the services that have it."""
        with as_maintenance():
            return set(ServiceFeature.objects.filter(feature__code=code).values_list("service__name", flat=True))

    def of_claire(self) -> dict[str, list[str]]:
        with acting_as(self.adele):
            return {feature.code: feature.sources for feature in feature_queries.effective_features(self.claire)}


@pytest.fixture
def territory(db: None) -> Territory:
    with as_maintenance():
        site, other_site = SiteFactory.create(), SiteFactory.create()
        return Territory(
            site=site,
            cardiology=ServiceFactory.create(site=site, name="Cardiologie"),
            imaging=ServiceFactory.create(site=site, name="Imagerie"),
            foreign=ServiceFactory.create(site=other_site),
            lemaire=PractitionerFactory.create(site=site, first_name="Hélène", last_name="Lemaire"),
            claire=MembershipFactory.create(site=site, first_name="Claire", last_name="Moreau"),
            adele=member(site, Role.ADMIN, first_name="Adèle", last_name="Durand"),
            eve=member(other_site, Role.ADMIN),
            paul=member(SiteFactory.create(), Role.OPERATOR),
        )


def acts() -> list[str]:
    with as_maintenance():
        return list(Act.objects.order_by("id").values_list("code", flat=True))


# --- The catalogue ---------------------------------------------------------------------------------------------------
def test_the_four_known_features_are_there_from_the_start(territory: Territory) -> None:
    with acting_as(territory.adele):
        assert dict(Feature.objects.values_list("code", "name")) == KNOWN
    page = territory.get("catalogue", user=territory.paul).content.decode()
    assert all(name in page for name in KNOWN.values())


def test_an_operator_defines_corrects_and_removes_a_feature(territory: Territory) -> None:
    paul = territory.paul
    page = territory.post("feature_add", user=paul, code="ordonnance", name="Ordonnance numérique", description="").content.decode()
    assert "Ordonnance numérique" in page
    territory.post("feature_edit", "ordonnance", user=paul, name="Ordonnance", description="Signée.", revision=1)
    assert "Signée." in territory.get("catalogue", user=paul).content.decode()
    territory.post("feature_delete", "ordonnance", user=paul)
    assert "Ordonnance" not in territory.get("catalogue", user=paul).content.decode().partition("est retirée du catalogue")[2]
    assert acts() == ["feature.defined", "feature.edited", "feature.deleted"]


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "dpi"},
        {"code": "Ordonnance"},
        {"code": "a b"},
        {"code": "a" * 51},
        {"code": ""},
        {"name": "envoi vers le dmp"},
        {"name": " "},
    ],
)
def test_a_bad_feature_is_not_defined(territory: Territory, changes: dict[str, str]) -> None:
    given = {"code": "ordonnance", "name": "Ordonnance", "description": "x"} | changes
    assert territory.post("feature_add", user=territory.paul, **given).status_code == 422
    with as_maintenance():
        assert Feature.objects.count() == len(KNOWN)


def test_the_second_writer_of_a_feature_is_told_what_changed(territory: Territory) -> None:
    territory.post("feature_edit", "dpi", user=territory.paul, name="DPI", description="", revision=1)
    answer = territory.post("feature_edit", "dpi", user=territory.paul, name="Dossier", description="", revision=1)
    assert answer.status_code == 409
    page = answer.content.decode()
    for said in ("<td>DPI</td>", 'value="Dossier"', 'name="revision" value="2"'):
        assert said in page, said


def test_a_feature_that_a_site_has_stays_in_the_catalogue(territory: Territory) -> None:
    territory.open("dpi")
    assert "retirez-la d’abord des sites" in territory.post("feature_delete", "dpi", user=territory.paul).content.decode()
    with as_maintenance():
        assert Feature.objects.filter(code="dpi").exists()


def test_the_catalogue_does_not_exist_for_whoever_is_no_operator(territory: Territory) -> None:
    for page, *arguments in (["catalogue"], ["feature_add"], ["feature_edit", "dpi"], ["feature_delete", "dpi"]):
        assert territory.post(page, *arguments).status_code in (404, 405)
        assert territory.get(page, *arguments).status_code in (404, 405)
    for page in ("feature_open", "feature_withdraw"):
        assert territory.post(page, territory.site.number, "dpi").status_code == 404
    with acting_as(territory.adele) as actor:
        for write in (
            lambda: feature_actions.define_feature(actor, code="x", name="X", description=""),
            lambda: feature_actions.edit_feature(actor, "dpi", name="X", description="", revision=1),
            lambda: feature_actions.delete_feature(actor, "dpi"),
            lambda: feature_actions.make_available(actor, site_id=territory.site.id, code="dpi"),
            lambda: feature_actions.withdraw_feature(actor, site_id=territory.site.id, code="dpi", services=0, practitioners=0),
            lambda: feature_actions.set_practitioner_features(actor, territory.lemaire.id, codes=["dpi"], revision=1),
        ):
            with pytest.raises(NotAllowed):
                write()


# --- Of a site -------------------------------------------------------------------------------------------------------
def test_an_operator_opens_a_feature_to_a_site_and_its_administrator_sees_it(territory: Territory) -> None:
    number = territory.site.number
    assert "Aucune fonctionnalité disponible" in territory.get("features", number).content.decode()
    for _ in range(2):
        territory.post("feature_open", number, "dpi", user=territory.paul)
    page = territory.get("features", number).content.decode()
    assert KNOWN["dpi"] in page
    assert "Activer pour des services" in page
    assert KNOWN["dmp"] not in page
    assert acts() == ["feature.made_available"]


def test_a_page_says_who_would_lose_a_feature_before_it_is_withdrawn(territory: Territory) -> None:
    territory.open("dpi")
    territory.activate("dpi", territory.cardiology)
    territory.give("dpi")
    page = territory.get("feature_withdraw", territory.site.number, "dpi", user=territory.paul).content.decode()
    for said in ("Cardiologie", "Dr Hélène Lemaire", 'name="services" value="1"', 'name="practitioners" value="1"'):
        assert said in page, said
    again = territory.post("feature_withdraw", territory.site.number, "dpi", user=territory.paul, services="0", practitioners="0")
    assert again.status_code == 409
    assert territory.with_feature("dpi") == {"Cardiologie"}
    territory.post("feature_withdraw", territory.site.number, "dpi", user=territory.paul, services="1", practitioners="1")
    assert territory.with_feature("dpi") == set()
    assert acts() == ["feature.withdrawn"]


def test_an_administrator_activates_a_feature_for_some_services(territory: Territory) -> None:
    territory.open("dpi")
    number, both = territory.site.number, [str(territory.cardiology.id), str(territory.imaging.id)]
    territory.post("feature_services", number, "dpi", services=both, revision=1)
    assert territory.with_feature("dpi") == {"Cardiologie", "Imagerie"}
    territory.post("feature_services", number, "dpi", services=both[:1], revision=2)
    assert territory.with_feature("dpi") == {"Cardiologie"}
    territory.post("feature_services", number, "dpi", services=[], revision=3)
    assert territory.with_feature("dpi") == set()
    assert acts() == ["feature.activated"] * 3


def test_the_second_writer_of_an_activation_is_told_what_changed_and_loses_nothing(territory: Territory) -> None:
    territory.open("dpi")
    number = territory.site.number
    territory.post("feature_services", number, "dpi", services=[str(territory.cardiology.id)], revision=1)
    answer = territory.post("feature_services", number, "dpi", services=[str(territory.imaging.id)], revision=1)
    page = answer.content.decode()
    assert answer.status_code == 409
    for said in ("Adèle Durand", "<td>Cardiologie</td><td>Imagerie</td>", 'name="revision" value="2"'):
        assert said in page, said
    assert territory.with_feature("dpi") == {"Cardiologie"}


def test_a_feature_that_the_site_has_not_is_refused_with_a_reason(territory: Territory) -> None:
    assert territory.get("feature_services", territory.site.number, "dpi").status_code == 404
    with acting_as(territory.adele) as actor, pytest.raises(feature_actions.FeatureNotAvailable) as refusal:
        feature_actions.activate_for_services(
            actor, site_id=territory.site.id, code="dpi", service_ids=[territory.cardiology.id], revision=1
        )
    assert "n’est pas disponible dans ce site" in str(refusal.value)
    with acting_as(territory.paul) as actor, pytest.raises(feature_actions.FeatureNotAvailable):
        feature_actions.set_practitioner_features(actor, territory.lemaire.id, codes=["dpi"], revision=1)


def test_the_database_too_refuses_a_feature_that_the_site_has_not(territory: Territory) -> None:
    for row in (
        lambda feature: ServiceFeature.objects.create(site=territory.site, service=territory.cardiology, feature=feature),
        lambda feature: PractitionerFeature.objects.create(site=territory.site, practitioner=territory.lemaire, feature=feature),
    ):
        with pytest.raises(IntegrityError, match="available"), as_maintenance(), transaction.atomic():
            row(Feature.objects.get(code="dpi"))


def test_a_service_of_another_site_is_refused_and_nothing_is_saved(territory: Territory) -> None:
    territory.open("dpi")
    both = [str(territory.cardiology.id), str(territory.foreign.id)]
    assert territory.post("feature_services", territory.site.number, "dpi", services=both, revision=1).status_code == 422
    assert territory.with_feature("dpi") == set()


def test_another_site_s_administrator_activates_nothing_here(territory: Territory) -> None:
    territory.open("dpi")
    assert territory.get("features", territory.site.number, user=territory.eve).status_code == 404
    assert territory.post("feature_services", territory.site.number, "dpi", user=territory.eve, revision=1).status_code == 404
    with acting_as(territory.eve) as actor, pytest.raises(Unseen):
        feature_actions.activate_for_services(actor, site_id=territory.site.id, code="dpi", service_ids=[], revision=1)


# --- Of practitioners ------------------------------------------------------------------------------------------------
def test_the_operator_gives_features_to_a_practitioner_and_administrators_read_them(territory: Territory) -> None:
    territory.open("dpi", "dmp")
    lemaire = territory.lemaire.id
    assert 'name="features"' not in territory.get("practitioner", lemaire).content.decode()
    territory.post("practitioner_features", lemaire, user=territory.paul, features=["dpi"], revision=1)
    page = territory.get("practitioner", lemaire).content.decode()
    assert KNOWN["dpi"] in page
    assert KNOWN["dmp"] not in page
    assert territory.post("practitioner_features", lemaire, features=["dmp"], revision=2).status_code == 404
    again = territory.post("practitioner_features", lemaire, user=territory.paul, features=["dmp"], revision=1)
    assert again.status_code == 409
    assert "<td>Intégration au DPI</td><td>Envoi vers le DMP</td>" in again.content.decode()
    assert territory.post("practitioner_features", lemaire, user=territory.paul, features=["pmsi"], revision=2).status_code == 422
    assert acts() == ["practitioner.features_changed"]


# --- Of a member -----------------------------------------------------------------------------------------------------
def test_a_member_has_the_union_of_her_services_and_practitioners_and_each_source_is_said(territory: Territory) -> None:
    territory.open(*KNOWN)
    territory.activate("dpi", territory.cardiology, territory.imaging)
    territory.activate("dmp", territory.imaging)
    territory.give("dpi", "pmsi")
    territory.attach(territory.cardiology)
    territory.identify()
    assert territory.of_claire() == {"dpi": ["Cardiologie", "Dr Hélène Lemaire"], "pmsi": ["Dr Hélène Lemaire"]}
    page = territory.get("member", territory.claire.id).content.decode()
    for said in ("Fonctionnalités effectives", KNOWN["dpi"], "via Cardiologie", "via Dr Hélène Lemaire", KNOWN["pmsi"]):
        assert said in page, said
    assert KNOWN["dmp"] not in page


def test_removing_one_source_keeps_what_another_one_still_gives(territory: Territory) -> None:
    territory.open("dpi")
    territory.activate("dpi", territory.cardiology, territory.imaging)
    territory.give("dpi")
    territory.attach(territory.cardiology, territory.imaging)
    territory.identify()
    claire = str(territory.claire.id)
    territory.post("service_people_remove", territory.cardiology.id, membre=[claire])
    assert territory.of_claire() == {"dpi": ["Imagerie", "Dr Hélène Lemaire"]}
    territory.post("feature_services", territory.site.number, "dpi", services=[str(territory.cardiology.id)], revision=1)
    assert territory.of_claire() == {"dpi": ["Dr Hélène Lemaire"]}
    territory.post("practitioner_activity", territory.lemaire.id)
    assert territory.of_claire() == {}
    territory.post("practitioner_activity", territory.lemaire.id, restore="1")
    territory.post("identities_remove", claire, medecin=str(territory.lemaire.id))
    assert territory.of_claire() == {}
    assert "Fonctionnalités effectives" not in territory.get("member", claire).content.decode()


# --- Cost ------------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("steady_matrix")
def test_pages_of_features_cost_the_same_at_one_and_at_thirty(territory: Territory) -> None:
    territory.open(*KNOWN)
    client, operator = signed_in_client(territory.adele), signed_in_client(territory.paul)
    pages = {
        "site": (client, reverse("directory:features", args=[territory.site.number])),
        "services": (client, reverse("directory:feature_services", args=[territory.site.number, "dpi"])),
        "operator": (operator, reverse("directory:features", args=[territory.site.number])),
        "catalogue": (operator, reverse("directory:catalogue")),
        "record": (client, reverse("directory:member", args=[territory.claire.id])),
    }
    costs: dict[str, set[int]] = {}
    for length in (1, 30):
        for number in range(length):
            with as_maintenance():
                service = ServiceFactory.create(site=territory.site)
                feature = Feature.objects.create(code=f"f-{length}-{number}", name=f"Fonctionnalité {length}-{number}")
                SiteFeature.objects.create(site=territory.site, feature=feature)
                ServiceFeature.objects.create(site=territory.site, service=service, feature=feature)
            territory.attach(service)
        for name, (browser, address) in pages.items():
            browser.get(address)
            with CaptureQueriesContext(connection) as statements:
                assert browser.get(address).status_code == 200
            costs.setdefault(name, set()).add(len(statements))
    assert {name: len(counts) for name, counts in costs.items()} == dict.fromkeys(pages, 1), costs
