"""My profile and my settings (ACC-30, ACC-31)."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.middleware import PreferencesMiddleware
from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
SETTINGS = {"language": "en", "time_zone": "Pacific/Noumea", "theme": "dark"}


def stored(user: User) -> User:
    with as_maintenance():
        return User.objects.get(pk=user.pk)


def test_settings_are_kept(alice: User) -> None:
    client = signed_in_client(alice)
    assert client.post(reverse("accounts:preferences"), SETTINGS).status_code == 302
    person = stored(alice)
    assert (person.language, person.time_zone, person.theme) == tuple(SETTINGS.values())


def test_page_is_in_her_language_whatever_the_browser_says(alice: User) -> None:
    client = signed_in_client(alice)
    client.post(reverse("accounts:preferences"), SETTINGS)
    page = client.get(reverse("accounts:preferences"), headers={"Accept-Language": "fr"})
    assert page.headers["Content-Language"] == "en"
    assert '<html lang="en"' in page.content.decode()


def test_signed_out_page_is_in_the_language_of_the_browser(client: Client) -> None:
    assert client.get(reverse("account_login")).headers["Content-Language"] == "fr"
    assert client.get(reverse("account_login"), headers={"Accept-Language": "en-GB"}).headers["Content-Language"] == "en"


def test_language_switch_outlives_the_page_and_the_session(client: Client, alice: User) -> None:
    switched = client.post(reverse("accounts:language"), {"language": "en", "next": reverse("account_login")})
    assert switched.headers["Location"] == reverse("account_login")
    assert client.get(switched.headers["Location"]).headers["Content-Language"] == "en"
    signed_in_client(alice).post(reverse("accounts:language"), {"language": "en"})
    assert stored(alice).language == "en"


@pytest.mark.parametrize("wanted", ["https://mechant.example/", "//mechant.example/", "javascript:alert(1)"])
def test_language_switch_never_leads_elsewhere(client: Client, wanted: str) -> None:
    assert client.post(reverse("accounts:language"), {"language": "en", "next": wanted}).headers["Location"] == "/"


@pytest.mark.parametrize(("name", "field"), [("language", "language"), ("theme", "theme")])
def test_unknown_choice_is_refused(client: Client, name: str, field: str) -> None:
    assert client.post(reverse(f"accounts:{name}"), {field: "klingon"}).status_code == 404


def test_theme_switch_is_kept_for_good(alice: User) -> None:
    answer = signed_in_client(alice).post(reverse("accounts:theme"), {"theme": "dark"})
    assert answer.cookies["vigie-theme"].value == "dark"
    assert stored(alice).theme == "dark"


def test_hours_are_in_her_time_zone_and_the_next_reader_keeps_his(alice: User, rf: object) -> None:
    alice.time_zone = "Pacific/Noumea"
    seen: list[str] = []
    request = Client().get("/").wsgi_request
    request.user = alice
    PreferencesMiddleware(lambda _request: _seen(seen))(request)
    assert seen == ["Pacific/Noumea"]
    assert timezone.get_current_timezone_name() == "Europe/Paris"


def _seen(seen: list[str]) -> HttpResponse:
    seen.append(timezone.get_current_timezone_name())
    return HttpResponse()


def test_names_are_corrected_by_their_owner(alice: User) -> None:
    client = signed_in_client(alice)
    fields = {"first_name": "Alicia", "last_name": "Durand", "phone": "", "secure_address": ""}
    assert client.post(reverse("accounts:profile"), fields).status_code == 302
    assert stored(alice).first_name == "Alicia"


def test_address_is_not_changed_by_its_owner(alice: User) -> None:
    client = signed_in_client(alice)
    fields = {"first_name": "Alice", "last_name": "Durand", "email": "autre@chu.example", "is_active": ""}
    client.post(reverse("accounts:profile"), fields)
    assert stored(alice).email == "alice@chu.example"
    assert stored(alice).is_active


def test_empty_name_is_refused_and_nothing_is_lost(alice: User) -> None:
    client = signed_in_client(alice)
    page = client.post(reverse("accounts:profile"), {"first_name": "", "last_name": "Nouveau-Nom"})
    assert page.status_code == 422
    assert "Nouveau-Nom" in page.content.decode()
