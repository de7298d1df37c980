"""The register of practitioners of a site, and who may act for them, as administrators handle them through pages (ACC-22)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory import practitioner_actions
from vigie.directory.models import MedicalIdentity, Membership, Practitioner, Role, Site
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, PractitionerFactory, SiteFactory, member, rpps
from vigie.foundation.errors import Unseen
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db

NUMBER = rpps(77)


@dataclass(frozen=True)
class Register:
    site: Site
    lemaire: Practitioner
    foreign: Practitioner
    """A practitioner of another site."""
    adele: User
    """Administrator of the site."""
    eve: User
    """Administrator of the other site."""
    claire: Membership

    def get(self, page: str, /, *args: object, user: User | None = None, **query: str) -> Any:
        return signed_in_client(user or self.adele).get(reverse(f"directory:{page}", args=args), query)

    def post(self, page: str, /, *args: object, user: User | None = None, **fields: Any) -> Any:
        return signed_in_client(user or self.adele).post(reverse(f"directory:{page}", args=args), fields, follow=True)

    def identities(self) -> set[UUID]:
        with as_maintenance():
            return set(MedicalIdentity.objects.filter(membership=self.claire).values_list("practitioner_id", flat=True))

    def give(self, practitioner: Practitioner) -> None:
        with as_maintenance():
            MedicalIdentity.objects.create(site=self.site, membership=self.claire, practitioner=practitioner)


@pytest.fixture
def register(db: None) -> Register:
    with as_maintenance():
        site, other_site = SiteFactory.create(), SiteFactory.create()
        return Register(
            site=site,
            lemaire=PractitionerFactory.create(site=site, first_name="Hélène", last_name="Lemaire", specialty="Cardiologie"),
            foreign=PractitionerFactory.create(site=other_site),
            adele=member(site, Role.ADMIN, first_name="Adèle", last_name="Durand"),
            eve=member(other_site, Role.ADMIN),
            claire=MembershipFactory.create(site=site, first_name="Claire", last_name="Moreau"),
        )


def stated(**changes: Any) -> dict[str, Any]:
    return {"rpps": NUMBER, "title": "Pr", "first_name": "Jean", "last_name": "Kervella", "specialty": "Neurologie"} | changes


def stored(practitioner: Practitioner) -> Practitioner:
    with as_maintenance():
        return Practitioner.objects.get(pk=practitioner.pk)


def how_many(site: Site) -> int:
    with as_maintenance():
        return Practitioner.objects.filter(site=site).count()


def acts() -> list[str]:
    with as_maintenance():
        return list(Act.objects.order_by("id").values_list("code", flat=True))


# --- Who comes in ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMIN, Role.OPERATOR)], ids=str)
def test_whoever_does_not_administer_the_site_does_not_find_its_practitioners(register: Register, role: Role) -> None:
    with as_maintenance():
        colleague = member(register.site, role)
    lemaire, claire, number = register.lemaire.id, register.claire.id, register.site.number
    for user in (colleague, register.eve):
        assert register.get("practitioner", lemaire, user=user).status_code == 404
        assert register.get("practitioners", number, user=user).status_code == 404
        assert register.get("identities_add", claire, user=user).status_code == 404
        for name in ("practitioner_edit", "practitioner_activity", "practitioner_delete", "practitioner_features"):
            assert register.post(name, lemaire, user=user, **stated(revision=1)).status_code == 404
        assert register.post("practitioner_add", number, user=user, **stated()).status_code == 404
        for name in ("identities_add", "identities_remove"):
            assert register.post(name, claire, user=user, medecin=str(lemaire)).status_code == 404
    assert (how_many(register.site), register.identities(), acts()) == (1, set(), [])


def test_a_practitioner_of_another_site_is_as_one_that_does_not_exist(register: Register) -> None:
    real, invented = register.get("practitioner", register.foreign.id), register.get("practitioner", uuid4())
    assert (real.status_code, invented.status_code) == (404, 404)
    assert len(real.content) == len(invented.content)


# --- The register ----------------------------------------------------------------------------------------------------
def test_the_first_practitioner_of_a_site_is_added_from_its_empty_list(register: Register) -> None:
    with as_maintenance():
        register.lemaire.delete()
    assert "Aucun médecin émetteur" in register.get("practitioners", register.site.number).content.decode()
    page = register.post("practitioner_add", register.site.number, **stated(rpps=f" {NUMBER[:5]} {NUMBER[5:]} ")).content.decode()
    assert "Pr Jean Kervella" in page
    assert NUMBER in page
    assert acts() == ["practitioner.added"]


@pytest.mark.parametrize(
    "changes",
    [
        {"rpps": ""},
        {"rpps": NUMBER[:-1]},
        {"rpps": NUMBER + "0"},
        {"rpps": str(int(NUMBER) + 1)},
        {"rpps": "x" * 11},
        {"rpps": "١" * 11},
        {"last_name": " "},
        {"first_name": "\u202e"},
        {"title": "a" * 21},
        {"specialty": "a" * 121},
    ],
)
def test_a_bad_practitioner_is_not_added_and_nothing_typed_is_lost(register: Register, changes: dict[str, str]) -> None:
    answer = register.post("practitioner_add", register.site.number, **stated(**changes))
    assert answer.status_code == 422
    shown = [value for name, value in stated().items() if name not in changes]
    assert all(f'value="{value}"' in answer.content.decode() for value in shown)
    assert how_many(register.site) == 1


def test_a_number_is_once_in_a_site_and_may_be_in_another(register: Register) -> None:
    answer = register.post("practitioner_add", register.site.number, **stated(rpps=register.lemaire.rpps))
    assert answer.status_code == 422
    assert "porte déjà ce numéro" in answer.content.decode()
    assert register.post("practitioner_add", register.site.number, **stated(rpps=register.foreign.rpps)).status_code == 200
    assert how_many(register.site) == 2


def test_a_practitioner_is_corrected(register: Register) -> None:
    register.post("practitioner_edit", register.lemaire.id, **stated(revision=1))
    assert (stored(register.lemaire).rpps, stored(register.lemaire).title) == (NUMBER, "Pr")
    with as_maintenance():
        assert Act.objects.get().details == {"fields": ["title", "first_name", "last_name", "specialty", "rpps"]}


def test_the_second_writer_is_told_what_changed_and_loses_nothing(register: Register) -> None:
    register.post("practitioner_edit", register.lemaire.id, **stated(revision=1, specialty="Neurologie"))
    answer = register.post("practitioner_edit", register.lemaire.id, **stated(revision=1, specialty="Gériatrie"))
    page = answer.content.decode()
    assert answer.status_code == 409
    for said in ("Adèle Durand", "<td>Neurologie</td>", 'value="Gériatrie"', 'name="revision" value="2"'):
        assert said in page, said
    register.post("practitioner_edit", register.lemaire.id, **stated(revision=2, specialty="Gériatrie"))
    assert stored(register.lemaire).specialty == "Gériatrie"


@pytest.mark.parametrize("words", ["lemaire", "HELENE", "lemaire hélène", "cardio", "{rpps}"])
def test_a_practitioner_is_found_by_name_number_or_speciality(register: Register, words: str) -> None:
    with as_maintenance():
        PractitionerFactory.create(site=register.site, last_name="Zimmer")
    page = register.get("practitioners", register.site.number, q=words.format(rpps=register.lemaire.rpps)).content.decode()
    assert "Hélène Lemaire" in page
    assert "Zimmer" not in page


@pytest.mark.parametrize("words", ["lemère", "Lemaier", "helenne"])
def test_a_typing_error_finds_the_nearest_names_and_says_so(register: Register, words: str) -> None:
    with as_maintenance():
        PractitionerFactory.create(site=register.site, first_name="Bo", last_name="Zimmer", specialty="")
    for answer in (
        register.get("practitioners", register.site.number, q=words),
        register.get("identities_add", register.claire.id, q=words),
    ):
        page = answer.content.decode()
        assert "Lemaire" in page
        assert "Zimmer" not in page
        assert "Voici les noms les plus proches." in page
    exact = register.get("practitioners", register.site.number, q="zimmer").content.decode()
    assert "Lemaire" not in exact
    assert "les plus proches" not in exact


@pytest.mark.parametrize("words", ["'", "%", "_", "\\", "zzz", "\x00", "& | !"])
def test_search_survives_nonsense(register: Register, words: str) -> None:
    assert register.get("practitioners", register.site.number, q=words, exercice="'; DROP").status_code == 200


def test_a_practitioner_put_out_of_practice_is_told_apart(register: Register) -> None:
    page = register.post("practitioner_activity", register.lemaire.id).content.decode()
    assert "Hors exercice" in page
    assert "Lemaire" in register.get("practitioners", register.site.number, exercice="inactifs").content.decode()
    assert "Lemaire" not in register.get("practitioners", register.site.number, exercice="actifs").content.decode()
    register.post("practitioner_activity", register.lemaire.id, restore="1")
    assert stored(register.lemaire).is_active
    assert acts() == ["practitioner.deactivated", "practitioner.reactivated"]


def test_only_a_practitioner_nobody_acts_for_is_deleted(register: Register) -> None:
    register.give(register.lemaire)
    assert "Retirer du registre" not in register.get("practitioner", register.lemaire.id).content.decode()
    page = register.post("practitioner_delete", register.lemaire.id).content.decode()
    assert "ne se supprime pas" in page
    register.post("identities_remove", register.claire.id, medecin=str(register.lemaire.id))
    register.post("practitioner_delete", register.lemaire.id)
    assert how_many(register.site) == 0
    assert acts() == ["member.identities_removed", "practitioner.deleted"]


# --- Medical identities ----------------------------------------------------------------------------------------------
def test_a_member_acts_for_practitioners_of_her_site_and_no_more(register: Register) -> None:
    assert "Hélène Lemaire" in register.get("identities_add", register.claire.id).content.decode()
    page = register.post("identities_add", register.claire.id, medecin=[str(register.lemaire.id)]).content.decode()
    assert "Identités médicales" in page
    assert "Dr Hélène Lemaire" in page
    assert register.identities() == {register.lemaire.id}
    assert "Hélène Lemaire" not in register.get("identities_add", register.claire.id).content.decode()
    assert "Moreau Claire" in register.get("practitioner", register.lemaire.id).content.decode()
    page = register.post("identities_remove", register.claire.id, medecin=str(register.lemaire.id)).content.decode()
    assert "n’agit plus au nom de" in page
    assert register.identities() == set()
    assert acts() == ["member.identities_added", "member.identities_removed"]


def test_a_practitioner_of_another_site_or_out_of_practice_is_refused_with_the_others(register: Register) -> None:
    with as_maintenance():
        retired = PractitionerFactory.create(site=register.site, is_active=False)
    for refused in (register.foreign, retired):
        answer = register.post("identities_add", register.claire.id, medecin=[str(register.lemaire.id), str(refused.id)])
        assert answer.status_code == 422
        assert "n’est pas de ce site" in answer.content.decode()
    assert register.identities() == set()


def test_the_database_too_refuses_a_practitioner_of_another_site(register: Register) -> None:
    with pytest.raises(IntegrityError, match="same_site"), as_maintenance(), transaction.atomic():
        MedicalIdentity.objects.create(site=register.site, membership=register.claire, practitioner=register.foreign)


def test_adding_or_removing_twice_is_as_once(register: Register) -> None:
    for _ in range(2):
        register.post("identities_add", register.claire.id, medecin=[str(register.lemaire.id)])
    assert register.identities() == {register.lemaire.id}
    register.post("identities_remove", register.claire.id, medecin=str(register.lemaire.id))
    page = register.post("identities_remove", register.claire.id, medecin=str(register.lemaire.id)).content.decode()
    assert "déjà retirée" in page
    assert acts() == ["member.identities_added", "member.identities_removed"]


def test_nobody_ticked_is_said(register: Register) -> None:
    assert "Cochez d’abord" in register.post("identities_add", register.claire.id, medecin=["x"]).content.decode()


def test_a_record_has_no_medical_identities_where_there_is_no_practitioner(register: Register) -> None:
    assert "Identités médicales" in register.get("member", register.claire.id).content.decode()
    with as_maintenance():
        register.lemaire.delete()
    assert "Identités médicales" not in register.get("member", register.claire.id).content.decode()


def test_past_the_pages_too_another_site_s_administrator_writes_nothing(register: Register) -> None:
    lemaire, claire = register.lemaire.id, register.claire.id
    with acting_as(register.eve) as actor:
        for write in (
            lambda: practitioner_actions.add_practitioner(actor, site_id=register.site.id, **stated()),
            lambda: practitioner_actions.edit_practitioner(actor, lemaire, **stated(revision=1)),
            lambda: practitioner_actions.retire_practitioner(actor, lemaire),
            lambda: practitioner_actions.restore_practitioner(actor, lemaire),
            lambda: practitioner_actions.delete_practitioner(actor, lemaire),
            lambda: practitioner_actions.add_identities(actor, claire, [lemaire]),
            lambda: practitioner_actions.remove_identities(actor, claire, [lemaire]),
        ):
            with pytest.raises(Unseen):
                write()
    assert stored(register.lemaire).revision == 1


# --- Cost ------------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("steady_matrix")
def test_the_register_costs_the_same_at_one_and_at_thirty(register: Register) -> None:
    client = signed_in_client(register.adele)
    addresses = {
        "list": reverse("directory:practitioners", args=[register.site.number]) + "?q=e",
        "practitioner": reverse("directory:practitioner", args=[register.lemaire.id]),
        "choice": reverse("directory:identities_add", args=[register.claire.id]),
        "record": reverse("directory:member", args=[register.claire.id]),
    }
    costs: dict[str, set[int]] = {}
    for length in (1, 30):
        for _ in range(length):
            with as_maintenance():
                PractitionerFactory.create(site=register.site)
                acting = MembershipFactory.create(site=register.site)
                MedicalIdentity.objects.create(site=register.site, membership=acting, practitioner=register.lemaire)
                mine = PractitionerFactory.create(site=register.site)
            register.give(mine)
        for name, address in addresses.items():
            client.get(address)
            with CaptureQueriesContext(connection) as statements:
                assert client.get(address).status_code == 200
            costs.setdefault(name, set()).add(len(statements))
    assert {name: len(counts) for name, counts in costs.items()} == dict.fromkeys(addresses, 1), costs
