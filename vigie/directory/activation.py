"""A member is « Actif » from her first sign-in under the terms of use on (ACC-11): this follows sign-ins, which know no site."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from vigie.accounts.models import User
from vigie.accounts.terms import signed_in_under_terms
from vigie.directory.models import Membership


@receiver(signed_in_under_terms)
def activate(sender: object, user: User, at: datetime, **_: Any) -> None:
    """Note the moment on all the memberships that she has accepted."""
    Membership.objects.filter(user=user, accepted_at__isnull=False, activated_at=None).update(activated_at=at)
