"""Handing out the short-lived tokens that open live streams."""

from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from vigie.directory.access import signed_in
from vigie.directory.entry import SignedInRequest
from vigie.foundation import live


@require_GET
@never_cache
@signed_in
def live_token(request: SignedInRequest) -> JsonResponse:
    """Answer a token for those of the wanted topics this user may follow, plus their own.

    Unknown and forbidden topics are left out without a word: nobody learns what exists. `topics` says what was kept.
    """
    actor = request.actor
    own = f"user:{actor.id}"
    wanted = dict.fromkeys([*request.GET.getlist("topic"), own])
    topics = [topic for topic in list(wanted)[-live.MAX_TOPICS :] if live.may_follow(actor, topic)]
    fingerprint = live.session_fingerprint(request.session.session_key or "")
    token = live.issue_token(actor.id, topics, fingerprint)
    return JsonResponse({"token": token, "expires": live.TOKEN_LIFETIME, "topics": topics})
