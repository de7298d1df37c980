"""Pages of the operator on the terms of use: versions, draft, preview, publication, acceptances (ACC-13)."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.directory import console, platform_console, terms_actions, terms_queries
from vigie.directory.access import operators
from vigie.directory.console import ActiveFilter, address_with, pages_of
from vigie.directory.entry import SignedInRequest
from vigie.directory.keyset import MOST_COUNTED, Position
from vigie.foundation.errors import DomainError, Invalid, Unseen
from vigie.ui.numbers import grouped

_LONGEST_VERSION = 6


class DraftForm(forms.Form):
    text_fr = forms.CharField(
        label=_("Texte français"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 18, "lang": "fr"}),
        help_text=_("Une ligne vide sépare deux paragraphes."),
    )
    text_en = forms.CharField(label=_("Texte anglais"), required=False, widget=forms.Textarea(attrs={"rows": 18, "lang": "en"}))
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


@require_GET
@operators
def index(request: SignedInRequest) -> HttpResponse:
    """The versions, and the one that is being written."""
    context = {
        "frame": platform_console.frame("terms"),
        "versions": terms_queries.versions(),
        "draft": terms_queries.draft(),
        "people": terms_queries.people_to_ask(),
    }
    return render(request, "directory/terms.html", context)


@require_GET
@operators
def text(request: SignedInRequest) -> HttpResponse:
    """One version, as people read it."""
    version = _version(request.GET.get("version", ""))
    if version is None:
        raise Unseen
    terms = terms_queries.terms_of(version)
    title = gettext("Version %(number)s") % {"number": terms.version}
    context = {
        "frame": platform_console.frame("terms", (title, "")),
        "terms": terms,
        "title": title,
        "is_preview": False,
        "form": None,
    }
    return render(request, "directory/terms_text.html", context)


def _version(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) <= _LONGEST_VERSION else None


@require_http_methods(["GET", "POST"])
@operators
def edit(request: SignedInRequest) -> HttpResponse:
    """Write the next version. A first draft begins with the terms in force."""
    draft = terms_queries.draft()
    source = draft or terms_queries.latest()
    form = DraftForm(
        request.POST if request.method == "POST" else None,
        initial={
            "text_fr": source.text_fr if source else "",
            "text_en": source.text_en if source else "",
            "revision": draft.revision if draft else 0,
        },
    )
    status = 200
    stored = None
    if request.method == "POST":
        status = Invalid.status
        if form.is_valid():
            try:
                terms_actions.save_draft(request.actor, **form.cleaned_data)
            except DomainError as error:
                console.show(form, error)
                status = error.status
                stored = draft if status == terms_actions.DraftChangedMeanwhile.status else None
                console.against_what_is_shown(form, request, draft.revision if draft else 0)
            else:
                return redirect("directory:terms_preview")
    context = {
        "frame": platform_console.frame("terms", (_("Rédiger"), "")),
        "form": form,
        "draft": draft,
        "stored": stored,
    }
    return render(request, "directory/terms_edit.html", context, status=status)


@require_GET
@operators
def preview(request: SignedInRequest) -> HttpResponse:
    """The draft as people will read it, before it is put in force."""
    return _preview_page(request)


def _preview_page(request: SignedInRequest, error: DomainError | None = None) -> HttpResponse:
    draft = terms_queries.draft()
    if draft is None:
        messages.info(request, gettext("Il n’y a pas de brouillon : il a été publié ou abandonné."))
        return redirect("directory:terms")
    reasons = list(error.fields.values()) if isinstance(error, Invalid) else [error.message] if error else []
    context = {
        "frame": platform_console.frame("terms", (_("Aperçu"), "")),
        "terms": draft,
        "title": gettext("Aperçu des conditions d’utilisation"),
        "is_preview": True,
        "people": terms_queries.people_to_ask(),
        "reasons": list(dict.fromkeys(map(str, reasons))),
    }
    return render(request, "directory/terms_text.html", context, status=error.status if error else 200)


@require_POST
@operators
def publish(request: SignedInRequest) -> HttpResponse:
    """Put the draft in force, or with `discard` give it up."""
    revision = _version(request.POST.get("revision", "")) or 0
    try:
        if "discard" in request.POST:
            terms_actions.discard_draft(request.actor, revision=revision)
            messages.success(request, gettext("Le brouillon est abandonné ; les conditions en vigueur ne changent pas."))
        else:
            terms = terms_actions.publish(request.actor, revision=revision)
            said = gettext("La version %(number)s est en vigueur : chacun devra l’accepter à sa prochaine connexion.")
            messages.success(request, said % {"number": terms.version})
    except DomainError as error:
        return _preview_page(request, error)
    return redirect("directory:terms")


@require_GET
@operators
def acceptances(request: SignedInRequest) -> HttpResponse:
    """Who accepted what, and when."""
    query = request.GET
    words = query.get("q", "").strip()[: terms_queries.MOST_SOUGHT]
    version = _version(query.get("version", ""))
    position = Position(after=query.get("apres", ""), before=query.get("avant", ""), last="fin" in query)
    page = terms_queries.acceptances(words=words, version=version, position=position)
    if page.total > MOST_COUNTED:
        summary = gettext("plus de %(count)s acceptations") % {"count": grouped(MOST_COUNTED)}
    else:
        summary = ngettext("%(count)s acceptation", "%(count)s acceptations", page.total) % {"count": grouped(page.total)}
    filters = [ActiveFilter(gettext("« %(words)s »") % {"words": words}, address_with(query, q=None))] if words else []
    if version is not None:
        filters.append(ActiveFilter(gettext("Version %(number)s") % {"number": version}, address_with(query, version=None)))
    context = {
        "frame": platform_console.frame("terms", (_("Acceptations"), "")),
        "page": page,
        "pages": pages_of(query, page, summary),
        "words": words,
        "version": version,
        "versions": [view.version for view in terms_queries.versions()],
        "active_filters": filters,
        "clear_url": reverse("directory:terms_acceptances"),
    }
    return render(request, "directory/terms_acceptances.html", context)
