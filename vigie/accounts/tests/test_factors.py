"""Adding, replacing and removing factors, and being told of it (ACC-1, ACC-4)."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from vigie.accounts import encryption
from vigie.accounts.models import User
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.factories import PASSWORD
from vigie.accounts.tests.signing_in import give_code, give_password, is_signed_in, signed_in_client, totp_code
from vigie.foundation.testing import as_maintenance

# allauth tells of new factors once the transaction has ended: real transactions only.
pytestmark = pytest.mark.django_db(transaction=True)


def held(user: User) -> set[str]:
    with as_maintenance():
        return set(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def test_application_is_added_with_recovery_codes_and_told_by_mail(bob: User, letters: Letters) -> None:
    client = signed_in_client(bob)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    added = client.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)})
    assert added.headers["Location"] == reverse("mfa_view_recovery_codes")
    assert held(bob) == {"totp", "recovery_codes"}
    assert letters.kinds() == ["totp_activated"]
    codes = client.get(added.headers["Location"]).context["unused_codes"]
    assert len(codes) == 10
    sheet = client.get(reverse("mfa_download_recovery_codes"))
    assert sheet.content.decode().split() == codes


def test_wrong_code_adds_nothing(bob: User, letters: Letters) -> None:
    client = signed_in_client(bob)
    client.get(reverse("mfa_activate_totp"))
    assert client.post(reverse("mfa_activate_totp"), {"code": "000000"}).status_code == 200
    assert held(bob) == set()


def test_mailbox_no_longer_counts_once_there_is_an_application(bob: User, letters: Letters) -> None:
    client = signed_in_client(bob)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)})
    assert give_password(Client(), bob.email).headers["Location"] == reverse("mfa_authenticate")
    assert "login_code" not in letters.kinds()


def test_recovery_codes_without_any_other_factor(bob: User, letters: Letters) -> None:
    client = signed_in_client(bob)
    assert client.get(reverse("mfa_generate_recovery_codes")).status_code == 200
    assert client.post(reverse("mfa_generate_recovery_codes")).headers["Location"] == reverse("mfa_view_recovery_codes")
    assert held(bob) == {"recovery_codes"}
    assert letters.kinds() == ["recovery_codes_generated"]
    assert give_password(Client(), bob.email).headers["Location"] == reverse("account_confirm_login_code")


def test_new_recovery_codes_replace_the_old(alice: User, letters: Letters) -> None:
    client = signed_in_client(alice)
    client.post(reverse("mfa_generate_recovery_codes"))
    old = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    client.post(reverse("mfa_generate_recovery_codes"))
    assert not set(old) & set(client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"])


def test_application_is_removed_and_told_by_mail(alice: User, letters: Letters) -> None:
    client = signed_in_client(alice)
    assert client.get(reverse("mfa_deactivate_totp")).status_code == 200
    assert client.post(reverse("mfa_deactivate_totp")).headers["Location"] == reverse("accounts:security")
    assert held(alice) == set()
    assert letters.kinds() == ["totp_deactivated"]


@pytest.mark.parametrize("name", ["mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"])
def test_old_session_proves_itself_again_before_touching_factors(bob: User, letters: Letters, name: str) -> None:
    client = signed_in_client(bob)
    if name == "mfa_view_recovery_codes":
        client.post(reverse("mfa_generate_recovery_codes"))
    session = client.session
    session["account_authentication_methods"] = [
        {**record, "at": time.time() - 3600} for record in session["account_authentication_methods"]
    ]
    session.save()
    asked = client.get(reverse(name))
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert client.get(asked.headers["Location"]).status_code == 200
    assert client.post(asked.headers["Location"], {"password": "pas le bon mot de passe"}).status_code == 200
    assert client.post(asked.headers["Location"], {"password": PASSWORD}).status_code == 302
    assert client.get(reverse(name)).status_code == 200


def test_changed_password_is_told_and_ends_the_other_sessions(alice: User, letters: Letters) -> None:
    here, elsewhere = signed_in_client(alice), signed_in_client(alice)
    new = "girafe plomb marée lanterne"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), fields).status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert letters.kinds() == ["password_changed"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("oldpassword", "pas le bon mot de passe"), ("password1", "azertyuiop123"), ("password2", "autre chose")],
)
def test_bad_password_change_changes_nothing(alice: User, letters: Letters, field: str, value: str) -> None:
    new = "girafe plomb marée lanterne"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new} | {field: value}
    assert signed_in_client(alice).post(reverse("account_change_password"), fields).status_code == 200
    assert give_password(Client(), alice.email, PASSWORD).status_code == 302


def test_letters_are_in_the_language_and_time_zone_of_their_reader(alice: User, letters: Letters, settings: Any) -> None:
    with as_maintenance():
        alice.language, alice.time_zone = "en", "Pacific/Noumea"
        alice.save()
    client = signed_in_client(alice, headers={"Accept-Language": "fr"})
    client.post(reverse("mfa_deactivate_totp"))
    letter = letters.last("totp_deactivated")
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    assert datetime.now(UTC).astimezone(ZoneInfo("Pacific/Noumea")).strftime("%H:") in letter["text"]


def test_application_and_recovery_codes_bear_the_names_that_their_owner_gives(alice: User, letters: Letters) -> None:
    client = signed_in_client(alice)
    client.post(reverse("mfa_generate_recovery_codes"))
    with as_maintenance():
        factors = {factor.type: factor.pk for factor in Authenticator.objects.filter(user=alice)}
    for kind, name in (("totp", "Téléphone de service"), ("recovery_codes", "Coffre du bureau")):
        address = reverse("accounts:rename_factor", args=[factors[kind]])
        assert client.get(address).status_code == 200
        assert client.post(address, {"name": " \u202e "}).status_code == 422
        assert client.post(address, {"name": name}).status_code == 302
        assert name in client.get(reverse("accounts:security")).content.decode()
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 200, "the codes themselves are as they were"
    assert give_code(_after_password(alice), totp_code()).status_code == 302


def _after_password(user: User) -> Client:
    client = Client()
    give_password(client, user.email)
    return client


@pytest.mark.parametrize(
    "address", ["/compte/securite/facteurs/1/renommer/", "/compte/securite/cles/1/renommer/", "/compte/securite/cles/1/retirer/"]
)
def test_key_of_somebody_else_does_not_exist(alice: User, bob: User, letters: Letters, address: str) -> None:
    assert signed_in_client(bob).get(address).status_code == 404


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", "null", '{"id": 1}', '{"id": "AA", "rawId": "AA"}', '{"response": {"userHandle": "AAAA"}}', "x" * 5000]
)
def test_forged_key_opens_nothing(client: Client, alice: User, credential: str) -> None:
    answer = client.post(reverse("mfa_login_webauthn"), {"credential": credential})
    assert answer.headers["Location"] == reverse("account_login")
    assert not is_signed_in(client)


@pytest.mark.parametrize("credential", ["{}", "[]", '{"id": "AA", "rawId": "AA"}', '{"id": "AA", "rawId": "AA", "response": {}}'])
@pytest.mark.parametrize("name", ["mfa_add_webauthn", "mfa_reauthenticate_webauthn", "mfa_authenticate"])
def test_nonsense_instead_of_a_key_is_refused(alice: User, letters: Letters, name: str, credential: str) -> None:
    client = signed_in_client(alice)
    if name == "mfa_authenticate":
        client = Client()
        give_password(client, alice.email)
    client.get(reverse(name))
    assert client.post(reverse(name), {"credential": credential, "name": "x"}).status_code in {200, 302}
    assert held(alice) == {"totp"}


def test_what_was_sealed_for_one_purpose_opens_no_other() -> None:
    sealed = encryption.seal("secret", purpose="factor")
    assert "secret" not in sealed
    assert encryption.seal("secret", purpose="factor") != sealed
    with pytest.raises(encryption.Unreadable):
        encryption.unseal(sealed, purpose="session")
    with pytest.raises(encryption.Unreadable):
        encryption.unseal("rien de lisible", purpose="factor")
