"""Jobs about applications."""

from allauth.idp.oidc.models import Token
from django.utils import timezone
from procrastinate.contrib.django import app

from vigie.applications import keys
from vigie.foundation import scope
from vigie.foundation.scope import Scope


@app.periodic(cron="17 * * * *")
@app.task(name="applications.follow_keys", queueing_lock="applications.follow_keys")
def follow_keys(timestamp: int) -> None:
    """Renew the key that signs, in time, and forget the tokens that have expired."""
    with scope.entered(Scope(platform=True)):
        keys.follow_keys(timezone.now())
        Token.objects.expired().delete()
