"""How passwords are kept and which ones are accepted (CNIL 2022-100, ANSSI): long, hard to guess, never expiring."""

import re
from typing import Final

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from zxcvbn import zxcvbn

from vigie.accounts.breached import is_breached
from vigie.accounts.models import User

MAX_LENGTH: Final = 128
_ESTIMATED_LENGTH: Final = 24
"""How much of a password zxcvbn looks at: its time grows with the square, and so much is strong enough by then."""
_SHORTEST_NAME: Final = 4


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id as OWASP advises for servers: 19 MiB, so that eight sign-ins at once stay within the memory budget."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1


class EntropyValidator:
    """Refuse what an attacker guesses in less than 10⁸ tries, knowing the person's names and address."""

    minimum_score = 3

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > MAX_LENGTH:
            raise ValidationError(
                _("Ce mot de passe est trop long : %(limit)d caractères au plus."),
                code="password_too_long",
                params={"limit": MAX_LENGTH},
            )
        words = _personal_words(user)
        # A name brings nothing: what is left without it must be strong by itself.
        if zxcvbn(_without(words, password)[:_ESTIMATED_LENGTH], user_inputs=words)["score"] < self.minimum_score:
            raise ValidationError(
                _("Ce mot de passe se devine trop facilement. Enchaînez par exemple quatre mots sans rapport entre eux."),
                code="password_too_guessable",
            )

    def get_help_text(self) -> str:
        return gettext("Il ne doit pas se deviner : évitez votre nom, votre établissement, les dates et les suites connues.")


class BreachValidator:
    """Refuse what has been seen in a breach, however strong it looks: lists of that kind are what attackers try first."""

    def validate(self, password: str, user: User | None = None) -> None:
        if is_breached(password):
            raise ValidationError(
                _("Ce mot de passe figure dans des listes volées : d’autres l’essaieront. Prenez-en un qui ne sert qu’ici."),
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return gettext("Il ne doit pas figurer dans les listes de mots de passe volés.")


def _without(words: list[str], password: str) -> str:
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= _SHORTEST_NAME:
            password = re.sub(re.escape(word), "", password, flags=re.IGNORECASE)
    return password or "a"


def _personal_words(user: User | None) -> list[str]:
    words = ["vigie"]
    if user is not None:
        local, _at, domain = user.email.partition("@")
        words += [user.first_name, user.last_name, local, domain, *domain.split(".")]
    return [word for word in words if word]
