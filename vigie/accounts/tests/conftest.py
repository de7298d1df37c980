"""What tests of accounts share."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import cache

from vigie.accounts.models import User
from vigie.accounts.tests.factories import UserFactory
from vigie.foundation.testing import as_maintenance


@dataclass
class Letters:
    """Letters given to the outbox, in order."""

    sent: list[dict[str, Any]] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return [letter["event"].partition(":")[0].removeprefix("account.") for letter in self.sent]

    def last(self, kind: str) -> dict[str, Any]:
        return next(letter for letter in reversed(self.sent) if letter["event"].startswith(f"account.{kind}:"))


_letters = Letters()


def keep_letter(**letter: Any) -> bool:
    """Stand for the outbox, which has tests of its own."""
    _letters.sent.append(letter)
    return True


@pytest.fixture
def letters(settings: Any) -> Letters:
    settings.VIGIE_MAILER = f"{__name__}.keep_letter"
    _letters.sent.clear()
    return _letters


@pytest.fixture(autouse=True)
def _no_limits_reached(db: None) -> None:
    """Limits and marks of used codes begin anew."""
    cache.clear()


@pytest.fixture
def alice(db: None) -> User:
    """Somebody with an authenticator application."""
    with as_maintenance():
        return UserFactory(email="alice@chu.example", first_name="Alice", last_name="Durand", second_factor=True)


@pytest.fixture
def bob(db: None) -> User:
    """Somebody whose only second factor is her mailbox."""
    with as_maintenance():
        return UserFactory(email="bob@chu.example", first_name="Bob", last_name="Martin")
