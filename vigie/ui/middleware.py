"""What every page says of itself to browsers."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from vigie.foundation import live


class PageMiddleware:
    """Notes where the live stream stood before the page's queries, and keeps pages out of caches.

    A workstation is shared: after signing out, « back » must not show the last patient's incident. One address also
    answers a page or a fragment, which no cache may confuse.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.live_mark = live.current_mark()  # type: ignore[attr-defined]
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "private, no-store"
        return response
