"""One mailbox, however it is written, is one address; what looks like another's address is none."""

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from vigie.accounts.addresses import check_email, normal_email
from vigie.accounts.models import User
from vigie.accounts.tests.factories import UserFactory
from vigie.accounts.tests.signing_in import give_password
from vigie.foundation.testing import as_maintenance


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("  Ines.Roy@VAL.example\t", "ines.roy@val.example"),
        ("ｉｎｅｓ＠ｖａｌ.example", "ines@val.example"),
        ("in\u200bes@val.example\ufeff", "ines@val.example"),
        ("ines@val.example\u200b", "ines@val.example"),
        ("INES@HÔPITAL.example", "ines@hôpital.example"),
        ("ines@ho\u0302pital.example", "ines@hôpital.example"),
        ("ines@xn--hpital-ixa.example", "ines@hôpital.example"),
        ("ines@XN--HPITAL-IXA.example", "ines@hôpital.example"),
        ("ines@hô\u00adpital.example", "ines@hôpital.example"),
        ("ines\u2024roy@val.example", "ines.roy@val.example"),
    ],
)
def test_one_mailbox_is_one_address_however_it_is_written(written: str, stored: str) -> None:
    assert normal_email(written) == stored
    assert normal_email(stored) == stored
    check_email(stored)


@pytest.mark.parametrize(
    "written",
    [
        "ınes@val.example",  # Turkish dotless i
        "іnes@val.example",  # Cyrillic i
        "inés@val.example",
        "ines@val.example.",
        "ines@xn--.example",
        "ines@val",
        "ines roy@val.example",
        "@val.example",
        "ines",
        "",
    ],
)
def test_what_no_mail_server_takes_is_no_address(written: str) -> None:
    with pytest.raises(ValidationError):
        check_email(normal_email(written))


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["INES@Hôpital.example", "ines@xn--hpital-ixa.example", " ines@hôpital.example "])
def test_an_account_is_found_however_its_address_is_typed(typed: str) -> None:
    cache.clear()
    with as_maintenance():
        UserFactory.create(email="ines@hôpital.example", second_factor=True)
    answer = give_password(Client(), typed)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("mfa_authenticate"))


@pytest.mark.django_db
def test_one_address_makes_one_account_however_it_is_written() -> None:
    with as_maintenance():
        UserFactory.create(email="ines@hôpital.example")
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user("INES@xn--hpital-ixa.example", None, first_name="Inès", last_name="Roy")
