"""What the pages of a site's console share: their frame, and how a refusal is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from vigie.directory.member_actions import Refusal
from vigie.directory.models import Site
from vigie.foundation.errors import DomainError, Invalid
from vigie.ui.numbers import grouped

SECTIONS: tuple[tuple[str, Any, str], ...] = (("members", _("Utilisateurs"), "directory:members"),)
"""Key, label and address (which takes the site's number) of each part of the console."""


@dataclass(frozen=True, slots=True)
class Tab:
    label: Any
    url: str
    current: bool
    count: int | None = None


def tabs(site: Site, current: str) -> list[Tab]:
    """Return the parts of the console of a site, with the one that is shown."""
    return [Tab(label, reverse(address, args=[site.number]), key == current) for key, label, address in SECTIONS]


def crumbs(site: Site, *here: tuple[Any, str]) -> list[tuple[Any, str]]:
    """Return the way to a page of the console."""
    members = (site.name, reverse("directory:members", args=[site.number]) if here else "")
    return [(_("Administration"), reverse("directory:index")), members, *here]


def back_to_list(request: HttpRequest, site: Site) -> HttpResponse:
    """Go back to the list as it was: the form carries its query string."""
    query = request.POST.get("query", "")[:2000].removeprefix("?")
    return redirect(f"{reverse('directory:members', args=[site.number])}?{query}")


def tell(request: HttpRequest, refusals: Sequence[Refusal]) -> None:
    """Say who was left out of a bulk action and why: each of the first ones, then how many others."""
    for refusal in refusals[:5]:
        messages.warning(request, gettext("%(name)s : %(reason)s") % {"name": refusal.name, "reason": refusal.reason})
    if (others := len(refusals) - 5) > 0:
        said = ngettext(
            "… et %(count)s autre personne laissée telle quelle.", "… et %(count)s autres personnes laissées telles quelles.", others
        )
        messages.warning(request, said % {"count": grouped(others)})


def show(form: forms.Form, error: DomainError) -> None:
    """Put a refusal where the person looks: beside the field, or above the form."""
    if isinstance(error, Invalid):
        for name, message in error.fields.items():
            form.add_error(name if name in form.fields else None, str(message))
    else:
        form.add_error(None, str(error.message))
