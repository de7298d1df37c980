"""What follows from events that Django and allauth announce."""

from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from vigie.accounts import actions
from vigie.accounts.models import User
from vigie.accounts.tokens import end_tokens_of_session
from vigie.foundation import live


@receiver(user_logged_out)
def close_streams_of_session(sender: object, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """A session that its owner leaves closes its live streams, leaves her list, and takes the tokens it gave along."""
    key = request.session.session_key
    if user is None or key is None:
        return
    UserSession.objects.filter(session_key=key).delete()
    end_tokens_of_session(user.pk, key)
    live.publish_revocation(user.pk, session_key=key)


@receiver(authentication_step_completed)
def strengthen_session(sender: object, request: HttpRequest, method: str, **kwargs: Any) -> None:
    """A session that stood on a place stands on a factor of its owner as soon as she shows one."""
    if method == "mfa" and isinstance(request.user, User) and request.session.session_key:
        actions.mark_session_of_network(request.session.session_key, is_one=False)
