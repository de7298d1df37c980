"""Failed attempts, counted by account in the shared cache: how to count them, and how to forget them (ACC-4, ACC-6)."""

from typing import Final

from allauth.core.internal.ratelimit import get_cache_key, get_rates
from django.core.cache import cache
from django.http import HttpRequest

from vigie.accounts.addresses import normal_email
from vigie.accounts.models import User

_APP: Final = "allauth.account"


def attempts_key(address: str) -> str:
    """Return what failed passwords are counted under: the one form of an address, whatever was typed."""
    return f"login:{normal_email(address)}"


def forget(user: User) -> None:
    """Begin to count anew for this person: passwords, codes, letters. The counts of places stay."""
    keys = {
        "login_failed": (attempts_key(user.email), f"mfa-auth-user-{user.pk}"),
        "login_code": (str(user.pk),),
        "code_guess": (str(user.pk),),
        "reset_password": (user.email,),
    }
    for action, counted in keys.items():
        for rate in get_rates(app=_APP, action=action):
            if rate.per == "key":
                # The key of a count by account reads nothing of a request.
                cache.delete_many([get_cache_key(HttpRequest(), app=_APP, action=action, rate=rate, key=key) for key in counted])
