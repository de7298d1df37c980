"""One tree of errors for everything that the rules of Vigie refuse.

The text of an error is for people: French, translated, and it says what to do next.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A rule refused what was asked. Nothing was written."""

    message: str | Promise = _("L’opération n’a pas pu être faite.")
    status = 409

    def __init__(self, message: str | Promise | None = None) -> None:
        self.message = message or self.message
        super().__init__(str(self.message))


class Invalid(DomainError):
    """What was given is not acceptable; `fields` says why, field by field."""

    message = _("Certaines informations sont à corriger.")
    status = 422

    def __init__(self, fields: Mapping[str, str | Promise]) -> None:
        self.fields = dict(fields)
        super().__init__()


class NotAllowed(DomainError):
    """The person sees the object but may not do this to it (403, with the reason)."""

    message = _("Vous n’avez pas le droit de faire cette action. Adressez-vous à l’administrateur de votre site.")
    status = 403


class Unseen(DomainError):
    """The object does not exist for this person: the same answer as if it did not exist at all (404)."""

    message = _("Cette page n’existe pas, ou vous n’y avez pas accès.")
    status = 404


class ChangedMeanwhile(DomainError):
    """Somebody changed the record after this person read it. What she typed is given back to her."""

    message = _(
        "Cette fiche a changé pendant votre saisie. Relisez ce qui a changé, puis confirmez : rien de ce que vous avez écrit n’est perdu."
    )
    status = 409
