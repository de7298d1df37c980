"""What the pages of the consoles share: their frame, the foot of lists, and how a refusal or a conflict is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from vigie.directory import card_queries, policies
from vigie.directory.actors import Actor
from vigie.directory.member_queries import MOST_SOUGHT, MemberFilters
from vigie.directory.models import Site
from vigie.errands.kinds import Refusal
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid
from vigie.ui.numbers import grouped

SECTIONS: tuple[tuple[str, Any, str], ...] = (
    ("members", _("Utilisateurs"), "directory:members"),
    ("services", _("Services"), "directory:services"),
    ("practitioners", _("Médecins émetteurs"), "directory:practitioners"),
    ("features", _("Fonctionnalités"), "directory:features"),
    ("cards", _("Cartes de prêt"), "directory:cards"),
    ("desks", _("Guichets"), "desks:site"),
    ("rights", _("Droits"), "directory:site_rights"),
    ("journal", _("Journal"), "directory:journal"),
    ("support", _("Sites de support"), "directory:support_sites"),
    ("entrusted", _("Sites confiés"), "directory:support_entrusted"),
)
"""Key, label and address (which takes the site's number) of each part of the console."""

_OPENED: Mapping[str, Callable[[Actor, UUID], bool]] = {
    "services": policies.may_administer,
    "practitioners": policies.may_administer,
    "desks": policies.may_configure_desk,
    "journal": policies.may_audit_site_acts,
    "support": policies.may_withdraw_support,
    "entrusted": policies.may_help_others,
    "cards": policies.may_lend_cards,
}
"""Who may open a part that is not everybody's whose console it is: a tab never leads to a refusal."""


@dataclass(frozen=True, slots=True)
class Tab:
    label: Any
    url: str
    current: bool
    count: int | None = None


def tabs(actor: Actor, site: Site, current: str) -> list[Tab]:
    """Return the parts of the console of a site that she may open, with the one that is shown."""
    return [
        Tab(label, reverse(address, args=[site.number]), key == current)
        for key, label, address in SECTIONS
        if _OPENED.get(key, policies.may_open_console)(actor, site.id)
        # A site that lends no cards has no register of them.
        and (key != "cards" or current == "cards" or card_queries.has_cards(site))
    ]


def crumbs(site: Site, *here: tuple[Any, str]) -> list[tuple[Any, str]]:
    """Return the way to a page of the console."""
    members = (site.name, reverse("directory:members", args=[site.number]) if here else "")
    return [(_("Administration"), reverse("directory:index")), members, *here]


def filters_of(query: QueryDict) -> MemberFilters:
    """Read the filters of the list from its address."""
    return MemberFilters(
        words=query.get("q", "").strip()[:MOST_SOUGHT],
        status=query.get("statut", ""),
        service=query.get("service", ""),
        role=query.get("role", ""),
        factor=query.get("facteur", ""),
    )


def list_url(request: HttpRequest, site: Site) -> str:
    """Return the address of the list as it was: the form carries its query string."""
    query = request.POST.get("query", "")[:2000].removeprefix("?")
    return f"{reverse('directory:members', args=[site.number])}?{query}"


def back_to_list(request: HttpRequest, site: Site) -> HttpResponse:
    """Go back to the list as it was."""
    return redirect(list_url(request, site))


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


# --- Lists -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    label: Any
    remove_url: str


@dataclass(frozen=True, slots=True)
class Pages:
    """The foot of a list; an address is empty when there is no such page."""

    first_url: str
    previous_url: str
    next_url: str
    last_url: str
    summary: str


class KeysetPage(Protocol):
    """What the foot of a list needs to know of the page that is shown."""

    @property
    def has_next(self) -> bool: ...
    @property
    def has_previous(self) -> bool: ...
    @property
    def next_cursor(self) -> str: ...
    @property
    def previous_cursor(self) -> str: ...


def pages_of(query: QueryDict, page: KeysetPage, summary: str) -> Pages:
    return Pages(
        first_url=address_with(query) if page.has_previous else "",
        previous_url=address_with(query, avant=page.previous_cursor) if page.has_previous else "",
        next_url=address_with(query, apres=page.next_cursor) if page.has_next else "",
        last_url=address_with(query, fin=1) if page.has_next else "",
        summary=summary,
    )


def address_with(query: QueryDict, **changes: object) -> str:
    """Return the address of the same list with some parameters changed, back on its first page unless told otherwise."""
    kept = {name: query[name] for name in query if query[name] and name not in ("apres", "avant", "fin", *changes)}
    return "?" + urlencode(kept | {name: value for name, value in changes.items() if value is not None})


def people_counted(people: int) -> str:
    return ngettext("%(count)s personne", "%(count)s personnes", people) % {"count": grouped(people)}


# --- Two writers at once ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """What somebody else stored while this person was typing."""

    label: Any
    stored: str
    typed: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Who wrote meanwhile, when, and where it differs from what is in the form."""

    author: str
    at: datetime | None
    differences: Sequence[Difference]


def conflict_of(
    form: forms.Form, error: DomainError, stored: Mapping[str, str | Sequence[str]], last_change: tuple[str, datetime] | None
) -> Conflict | None:
    """Return what changed under the writer's hands, field by field; None when the refusal has another reason."""
    if not isinstance(error, ChangedMeanwhile):
        return None
    differences = []
    for name, value in stored.items():
        typed = form.cleaned_data.get(name, "")
        typed = sorted(typed) if isinstance(typed, list) else typed
        if typed != value:
            field = form.fields[name]
            differences.append(Difference(field.label, _words(field, value), _words(field, typed)))
    author, at = last_change or ("", None)
    return Conflict(author, at, differences)


def _words(field: forms.Field, value: str | Sequence[str]) -> str:
    labels = {str(key): str(label).partition(" – ")[0] for key, label in getattr(field, "choices", ())}
    if isinstance(value, str):
        return labels.get(value, value) or "—"
    return ", ".join(labels.get(one, one) for one in value) or "—"


def against_what_is_shown(form: forms.Form, request: HttpRequest, shown: int | str, *, name: str = "revision") -> None:
    """Give a refused form back with what was typed: sent again, it confirms what is shown now, which the field `name` says."""
    given = QueryDict(mutable=True)
    for key, values in request.POST.lists():
        given.setlist(key, values)
    given[name] = str(shown)
    form.data = given


def count(text: str) -> int:
    """Read how many there were on the page that was sent back; nonsense is no number of anything."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
