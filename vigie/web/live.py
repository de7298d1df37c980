"""Handing out the short-lived tokens that open live streams."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from vigie.foundation import live


@require_GET
@never_cache
@login_required
def live_token(request: HttpRequest) -> JsonResponse:
    """Answer a token for those of the wanted topics this user may follow, plus their own.

    Unknown and forbidden topics are left out without a word: nobody learns what exists. `topics` says what was kept.
    """
    user = request.user
    own = f"user:{user.pk}"
    wanted = dict.fromkeys([*request.GET.getlist("topic"), own])
    topics = [topic for topic in list(wanted)[-live.MAX_TOPICS :] if live.may_follow(user, topic)]
    fingerprint = live.session_fingerprint(request.session.session_key or "")
    token = live.issue_token(str(user.pk), topics, fingerprint)
    return JsonResponse({"token": token, "expires": live.TOKEN_LIFETIME, "topics": topics})
