"""Writing and publishing the terms of use (ACC-13): operators alone. What was published never changes again."""

from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.accounts.models import TermsDraft, TermsOfUse
from vigie.audit.actions import record_act
from vigie.directory import policies
from vigie.directory.actors import Actor
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, NotAllowed

if TYPE_CHECKING:
    from django.utils.functional import Promise

LONGEST_TEXT: Final = 100_000


class DraftChangedMeanwhile(ChangedMeanwhile):
    message = _(
        "Un autre opérateur a modifié ou publié ce brouillon pendant votre saisie. Votre texte est conservé ci-dessous : "
        "comparez, puis enregistrez de nouveau."
    )


class NothingToPublish(DomainError):
    message = _("Il n’y a rien à publier : le brouillon est vide, ou identique aux conditions en vigueur.")


@transaction.atomic
def save_draft(actor: Actor, *, text_fr: str, text_en: str, revision: int) -> TermsDraft:
    """Keep the next terms, without publishing them. `revision` is what the writer had read, 0 when there was no draft."""
    _require(actor)
    stated = {"text_fr": _clean(text_fr), "text_en": _clean(text_en)}
    problems: dict[str, str | Promise] = {
        name: _("Écrivez au plus 100 000 caractères.") for name, text in stated.items() if len(text) > LONGEST_TEXT
    }
    if problems:
        raise Invalid(problems)
    draft = _locked_draft()
    if revision != (draft.revision if draft else 0):
        raise DraftChangedMeanwhile
    if draft is None:
        draft = TermsDraft(revision=0)
    draft.text_fr, draft.text_en = stated["text_fr"], stated["text_en"]
    draft.updated_at, draft.updated_by_name = timezone.now(), actor.name
    draft.revision += 1
    draft.save()
    return draft


@transaction.atomic
def discard_draft(actor: Actor, *, revision: int) -> None:
    """Give up what was being written."""
    _require(actor)
    draft = _locked_draft()
    if draft is None:
        return
    if draft.revision != revision:
        raise DraftChangedMeanwhile
    draft.delete()


@transaction.atomic
def publish(actor: Actor, *, revision: int) -> TermsOfUse:
    """Put the draft in force: everybody is asked to accept it at her next sign-in."""
    _require(actor)
    draft = _locked_draft()
    if draft is None:
        raise NothingToPublish
    if draft.revision != revision:
        raise DraftChangedMeanwhile
    problems: dict[str, str | Promise] = {
        name: _("Écrivez ce texte avant de publier : chacun lit les conditions dans sa langue.")
        for name, text in (("text_fr", draft.text_fr), ("text_en", draft.text_en))
        if not text.strip()
    }
    if problems:
        raise Invalid(problems)
    last = TermsOfUse.objects.order_by("-version").first()
    if last is not None and (last.text_fr, last.text_en) == (draft.text_fr, draft.text_en):
        raise NothingToPublish
    published = TermsOfUse.objects.create(
        version=last.version + 1 if last else 1, text_fr=draft.text_fr, text_en=draft.text_en, published_at=timezone.now()
    )
    draft.delete()
    record_act(
        actor,
        "terms.published",
        site_id=None,
        space_id=None,
        object_kind="terms",
        object_id=published.version,
        details={"version": published.version},
    )
    return published


def _require(actor: Actor) -> None:
    if not policies.is_operator(actor):
        raise NotAllowed


def _locked_draft() -> TermsDraft | None:
    return TermsDraft.objects.select_for_update().first()


def _clean(text: str) -> str:
    """Return the text with one kind of line break and none at its ends."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()
