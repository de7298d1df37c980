"""Every view of ours declares who may open it (`directory.access`); what it does not declare stays closed."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

# The living page of components is absent in production; one's own account is behind the wall of two factors, whose
# own test walks its addresses.
_ELSEWHERE = ("allauth.", "vigie.ui.", "vigie.accounts.")


def test_every_view_declares_its_audience() -> None:
    undeclared = [
        f"{view.callback.__module__}.{view.callback.__name__}"
        for view in _views(get_resolver())
        if not view.callback.__module__.startswith(_ELSEWHERE)
        and not getattr(view.callback, "audience", "")
        and getattr(view.callback, "login_required", True)
    ]
    assert undeclared == []


def test_views_are_found() -> None:
    assert len(list(_views(get_resolver()))) > 40


def _views(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _views(entry)
        else:
            yield entry
