"""People for tests. To be used inside `as_maintenance()`."""

from functools import cache
from typing import Any

import factory
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from vigie.accounts.models import TermsOfUse, User
from vigie.accounts.terms import accept

PASSWORD = "chouette orage marelle 84"
TOTP_SECRET = "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"


@cache
def _hash_of(password: str) -> str:
    """Argon2id is slow on purpose: hash a password once a test run."""
    return make_password(password)


class UserFactory(DjangoModelFactory[User]):
    """Somebody who can sign in with `PASSWORD` and, with `second_factor=True`, with `TOTP_SECRET`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    first_name = factory.Sequence(lambda n: f"Prénom{n}")
    last_name = factory.Sequence(lambda n: f"Nom{n}")
    email = factory.Sequence(lambda n: f"personne-{n}@exemple.example")
    password = factory.LazyFunction(lambda: _hash_of(PASSWORD))

    @factory.post_generation
    def verified(self: User, create: bool, extracted: bool | None, **kwargs: Any) -> None:  # noqa: FBT001
        """`verified=False` leaves the address unverified."""
        if create:
            EmailAddress.objects.create(user=self, email=self.email, verified=extracted is not False, primary=True)

    @factory.post_generation
    def terms(self: User, create: bool, extracted: bool | None, **kwargs: Any) -> None:  # noqa: FBT001
        """`terms=False` leaves the terms of use to be accepted."""
        if create and extracted is not False:
            accept(self, TermsOfUse.objects.latest("version"), address="192.0.2.7")

    @factory.post_generation
    def second_factor(self: User, create: bool, extracted: bool | None, **kwargs: Any) -> None:  # noqa: FBT001
        """`second_factor=True` gives an authenticator application."""
        if create and extracted:
            AuthenticatorFactory(user=self)


class AuthenticatorFactory(DjangoModelFactory[Authenticator]):
    """An authenticator application that knows `TOTP_SECRET`."""

    class Meta:
        model = Authenticator

    user = factory.SubFactory(UserFactory)
    type = Authenticator.Type.TOTP
    data = factory.LazyFunction(lambda: {"secret": encrypt(TOTP_SECRET)})
