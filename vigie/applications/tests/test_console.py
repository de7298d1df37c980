"""The operator declares the territory's applications, and takes them away at once (ACC-42, PLA-14)."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.idp.oidc.models import Client as RegisteredClient
from allauth.idp.oidc.models import Token
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.applications import actions, keys, queries, tasks
from vigie.applications.actions import ApplicationFacts
from vigie.applications.models import Application, SigningKey
from vigie.applications.tests.factories import ApplicationFactory
from vigie.audit.models import Act
from vigie.directory.models import Role, Site
from vigie.directory.tests import factories as directory
from vigie.directory.tests.acting import acting_as
from vigie.foundation import scope
from vigie.foundation.errors import Invalid, NotAllowed, Unseen
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    with as_maintenance():
        made: Site = directory.SiteFactory.create()
    return made


@pytest.fixture
def operator() -> User:
    with as_maintenance():
        return directory.member(directory.SiteFactory.create(), Role.OPERATOR)


@pytest.fixture
def alice(site: Site) -> User:
    with as_maintenance():
        return directory.member(site)


def facts(site: Site | None = None, **changes: Any) -> ApplicationFacts:
    stated: dict[str, Any] = {
        "name": "Planning des gardes",
        "text": "Qui est de garde, et où.",
        "address": "https://gardes.example/",
        "redirect_addresses": ["https://gardes.example/retour"],
        "scopes": ["profile", "sites"],
        "serves_all": site is None,
        "sites": [site.pk] if site else [],
    }
    return ApplicationFacts(**stated | changes)


def form_of(stated: ApplicationFacts, **more: str) -> dict[str, Any]:
    return {
        "name": stated.name,
        "text": stated.text,
        "address": stated.address,
        "redirect_addresses": "\r\n".join(stated.redirect_addresses),
        "scopes": list(stated.scopes),
        "sites": [str(site) for site in stated.sites],
        **({"serves_all": "on"} if stated.serves_all else {}),
        **more,
    }


# --- Declaring -------------------------------------------------------------------------------------------------------
def test_secret_is_shown_once_and_kept_as_a_fingerprint(operator: User, site: Site) -> None:
    browser = signed_in_client(operator)
    answer = browser.post(reverse("applications:register"), form_of(facts(site)))
    with as_maintenance():
        application = Application.objects.get()
        client = RegisteredClient.objects.get(pk=application.client_id)
    assert answer["Location"] == reverse("applications:application", args=[application.pk])
    page = browser.get(answer["Location"]).content.decode()
    secret = next(word for word in re.findall(r">([\w-]{43})<", page) if client.check_secret(word))
    assert secret not in client.secret
    assert secret not in browser.get(answer["Location"]).content.decode()
    assert client.get_scopes() == ["openid", "profile", "sites"]
    assert client.get_grant_types() == ["authorization_code", "refresh_token"]
    assert not client.skip_consent
    with as_maintenance():
        act = Act.objects.get(code="application.registered")
        assert SigningKey.objects.count() == 1
    assert (act.actor_id, act.object_name, act.site_id) == (operator.pk, "Planning des gardes", None)
    assert secret not in str(act.details)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"text": ""}, "text"),
        ({"address": "http://gardes.example/"}, "address"),
        ({"address": "javascript:alert(1)"}, "address"),
        ({"redirect_addresses": []}, "redirect_addresses"),
        ({"redirect_addresses": ["https://*.example/retour"]}, "redirect_addresses"),
        ({"redirect_addresses": ["https://gardes.example/retour#x"]}, "redirect_addresses"),
        ({"redirect_addresses": ["https://qui@gardes.example/retour"]}, "redirect_addresses"),
        ({"redirect_addresses": ["http://gardes.example/retour"]}, "redirect_addresses"),
        ({"redirect_addresses": ["http://localhost.example/retour"]}, "redirect_addresses"),
        ({"redirect_addresses": ["//gardes.example/retour"]}, "redirect_addresses"),
        ({"redirect_addresses": ["app.gardes:/retour"]}, "redirect_addresses"),
        ({"redirect_addresses": ["https://gardes.example:99999/"]}, "redirect_addresses"),
        ({"redirect_addresses": [f"https://gardes.example/{n}" for n in range(11)]}, "redirect_addresses"),
        ({"scopes": ["tout"]}, "scopes"),
        ({"serves_all": False}, "sites"),
        ({"serves_all": False, "sites": [uuid4()]}, "sites"),
    ],
)
def test_what_is_not_safe_is_refused_where_it_stands(operator: User, changes: dict[str, Any], field: str) -> None:
    with acting_as(operator) as actor, pytest.raises(Invalid) as refused:
        actions.register_application(actor, facts(**changes))
    assert set(refused.value.fields) == {field}
    assert not RegisteredClient.objects.exists()


@pytest.mark.parametrize("address", ["http://localhost:3000/retour", "http://127.0.0.1:3000/retour", "http://[::1]:3000/retour"])
def test_program_of_this_machine_may_come_back_without_tls(operator: User, address: str) -> None:
    with acting_as(operator) as actor:
        application, _secret = actions.register_application(actor, facts(redirect_addresses=[address]))
    assert application.redirect_addresses == [address]


def test_name_is_given_once_whatever_its_case(operator: User) -> None:
    with acting_as(operator) as actor:
        actions.register_application(actor, facts())
        with pytest.raises(Invalid):
            actions.register_application(actor, facts(name="PLANNING DES GARDES"))


def test_form_gives_back_what_was_typed(operator: User) -> None:
    answer = signed_in_client(operator).post(reverse("applications:register"), form_of(facts(address="ftp://gardes.example/")))
    assert answer.status_code == 422
    assert "ftp://gardes.example/" in answer.content.decode()


# --- Changing --------------------------------------------------------------------------------------------------------
def test_tokens_die_when_what_is_said_changes_and_not_when_a_name_does(operator: User, site: Site, alice: User) -> None:
    with as_maintenance():
        application = ApplicationFactory.create(serves=[site], name="Planning des gardes", scopes=["profile", "sites"], is_trusted=False)
    token = {"client_id": application.client_id, "user": alice, "type": "at"}
    Token.objects.create(hash="1", **token)
    with acting_as(operator) as actor:
        same = {"text": application.text, "address": application.address, "redirect_addresses": application.redirect_addresses}
        changed = actions.change_application(actor, application.pk, facts(site, **same | {"name": "Gardes"}), revision=1)
        assert Token.objects.count() == 1
        assert RegisteredClient.objects.get().name == "Gardes"
        actions.change_application(
            actor, application.pk, facts(site, **same | {"name": "Gardes", "scopes": ["sites"]}), revision=changed.revision
        )
        assert Token.objects.count() == 0
        assert RegisteredClient.objects.get().get_scopes() == ["openid", "sites"]


def test_second_writer_is_told_what_changed(operator: User) -> None:
    browser = signed_in_client(operator)
    with acting_as(operator) as actor:
        application, _secret = actions.register_application(actor, facts())
        actions.change_application(actor, application.pk, facts(text="Une autre phrase."), revision=1)
    answer = browser.post(reverse("applications:application", args=[application.pk]), form_of(facts(name="Gardes"), revision="1"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Une autre phrase." in page
    assert 'value="Gardes"' in page


def test_application_leaves_service_and_comes_back_with_another_secret(operator: User, alice: User) -> None:
    browser = signed_in_client(operator)
    with acting_as(operator) as actor:
        application, secret = actions.register_application(actor, facts())
    Token.objects.create(hash="1", client_id=application.client_id, user=alice, type="rt")
    address = reverse("applications:service", args=[application.pk])
    assert "ses jetons meurent" in browser.get(address).content.decode()
    browser.post(address, {"close": "1"})
    assert not RegisteredClient.objects.exists()
    assert Token.objects.count() == 0
    browser.post(address, {"open": "1"})
    client = RegisteredClient.objects.get()
    assert client.pk == application.client_id
    assert not client.check_secret(secret)
    with as_maintenance():
        told = list(Act.objects.filter(object_kind="application").order_by("id").values_list("code", flat=True))
    assert told == ["application.registered", "application.withdrawn", "application.restored"]


def test_secret_is_renewed_and_the_former_one_dies(operator: User) -> None:
    with acting_as(operator) as actor:
        application, secret = actions.register_application(actor, facts())
    signed_in_client(operator).post(reverse("applications:secret", args=[application.pk]))
    assert not RegisteredClient.objects.get().check_secret(secret)
    with acting_as(operator) as actor:
        actions.withdraw_application(actor, application.pk)
        with pytest.raises(actions.OutOfService):
            actions.renew_secret(actor, application.pk)


# --- Who may ---------------------------------------------------------------------------------------------------------
def test_applications_are_the_operators_alone(alice: User, site: Site) -> None:
    with as_maintenance():
        application = ApplicationFactory.create(serves=[site])
        administrator = directory.member(site, Role.ADMIN)
    for person in (alice, administrator):
        browser = signed_in_client(person)
        for name, arguments in (("list", []), ("register", []), ("application", [application.pk])):
            assert browser.get(reverse(f"applications:{name}", args=arguments)).status_code == 404
        with acting_as(person) as actor:
            for forbidden in (
                lambda: actions.register_application(actor, facts()),
                lambda: actions.withdraw_application(actor, application.pk),
                lambda: actions.renew_signing_key(actor),
            ):
                with pytest.raises(NotAllowed):
                    forbidden()


def test_unknown_application_is_not_there(operator: User) -> None:
    with acting_as(operator) as actor, pytest.raises(Unseen):
        actions.withdraw_application(actor, uuid4())


def test_database_itself_keeps_clients_and_keys_to_the_platform(alice: User, site: Site) -> None:
    with as_maintenance():
        ApplicationFactory.create(serves=[site])
    with acting_as(alice):
        assert RegisteredClient.objects.update(redirect_uris="https://attaque.example/") == 0
        assert RegisteredClient.objects.all().delete()[0] == 0
        assert Application.objects.update(scopes=[]) == 0
        assert SigningKey.objects.update(sealed="") == 0
        for refused in (RegisteredClient(id="x", secret="x"), SigningKey(sealed="x", made_at=timezone.now(), signs_from=timezone.now())):
            with pytest.raises(DatabaseError), transaction.atomic():
                refused.save(force_insert=True)


# --- Tiles -----------------------------------------------------------------------------------------------------------
def test_tile_is_shown_to_those_whom_the_application_would_not_refuse(alice: User, site: Site, operator: User) -> None:
    with as_maintenance():
        mine = ApplicationFactory.create(serves=[site], name="La mienne")
        ApplicationFactory.create(name="Ouverte")
        ApplicationFactory.create(serves=[directory.SiteFactory.create()], name="Celle d’ailleurs")
        ApplicationFactory.create(serves=[site], name="Retirée", withdrawn_at=timezone.now())
    with acting_as(alice) as actor:
        assert [tile.name for tile in queries.tiles_for(actor)] == ["La mienne", "Ouverte"]
        assert queries.usable_application(actor, mine.client_id) is not None
    with acting_as(operator) as actor:
        # She sees them all in the console, and has tiles like anybody.
        assert [tile.name for tile in queries.tiles_for(actor)] == ["Ouverte"]
    page = signed_in_client(alice).get("/").content.decode()
    assert "La mienne" in page
    assert f'href="{mine.address}"' in page
    assert "Celle d’ailleurs" not in page


def test_row_level_security_hides_what_would_refuse(alice: User, site: Site) -> None:
    with as_maintenance():
        ApplicationFactory.create(serves=[directory.SiteFactory.create()])
        ApplicationFactory.create(serves=[site], name="La mienne")
    with acting_as(alice):
        assert [application.name for application in Application.objects.all()] == ["La mienne"]
    assert not Application.objects.exists()


def test_home_costs_the_same_with_one_application_and_with_thirty(alice: User, site: Site) -> None:
    def queries_of_home(browser: Client) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get("/").status_code == 200
        return len(captured)

    with as_maintenance():
        ApplicationFactory.create(serves=[site])
    browser = signed_in_client(alice)
    browser.get("/")
    one = queries_of_home(browser)
    with as_maintenance():
        ApplicationFactory.create_batch(29, serves=[site])
    assert queries_of_home(browser) == one


# --- Keys ------------------------------------------------------------------------------------------------------------
def test_key_is_unreadable_in_the_database(operator: User) -> None:
    with acting_as(operator):
        keys.ensure_key()
        stored = SigningKey.objects.get().sealed
    assert "PRIVATE" not in stored
    assert "PRIVATE KEY" in keys.published_keys()[0].pem


def test_key_is_published_before_it_signs_and_a_while_after() -> None:
    now = timezone.now()
    with scope.entered(Scope(platform=True)):
        first = SigningKey.objects.create(sealed=keys.sealed_key(), made_at=now, signs_from=now - keys.LIFE - timedelta(seconds=1))
        tasks.follow_keys(0)
        tasks.follow_keys(0)
        second = SigningKey.objects.exclude(pk=first.pk).get()
        first.refresh_from_db()
        assert second.signs_from > now
        assert first.ends_at is not None
        assert first.ends_at > second.signs_from
        assert len(keys.published_keys()) == 2
        keys.follow_keys(first.ends_at)
        assert list(SigningKey.objects.all()) == [second]


def test_operator_renews_the_key_at_once(operator: User) -> None:
    with acting_as(operator):
        keys.ensure_key()
    signed_in_client(operator).post(reverse("applications:renew_key"))
    with as_maintenance():
        assert Act.objects.filter(code="signing_key.renewed").count() == 1
        assert SigningKey.objects.count() == 2
    assert len(keys.published_keys()) == 1


def test_expired_tokens_are_forgotten(alice: User) -> None:
    Token.objects.create(hash="1", user=alice, type="at", expires_at=timezone.now() - timedelta(seconds=1))
    Token.objects.create(hash="2", user=alice, type="at", expires_at=timezone.now() + timedelta(minutes=1))
    tasks.follow_keys(0)
    assert list(Token.objects.values_list("hash", flat=True)) == ["2"]
