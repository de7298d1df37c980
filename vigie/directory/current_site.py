"""The site that somebody of several sites is working for now: it narrows her lists and fills her declarations in.

It is a convenience of the session and gives no right: rights come from memberships alone.
"""

from uuid import UUID

from vigie.directory.entry import SignedInRequest

_KEY = "site"


def current_site(request: SignedInRequest) -> UUID | None:
    """Return the chosen site, None for all of them; a site that she has left is forgotten."""
    chosen = str(request.session.get(_KEY, ""))
    return next((site for site in request.actor.site_ids if str(site) == chosen), None)


def choose_site(request: SignedInRequest, site: str) -> None:
    """Choose one of her sites, or all of them with an empty text; anything else changes nothing."""
    if not site or site in {str(own) for own in request.actor.site_ids}:
        request.session[_KEY] = site
