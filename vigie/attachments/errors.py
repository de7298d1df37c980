"""Why a file is not taken, in words for the person who gave it."""

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from vigie.foundation.errors import DomainError


class FileRefused(DomainError):
    """A file that the rules refuse. The message names it, says why and what to do; nothing was stored."""

    status = 422

    def __init__(self, name: str, reason: str | Promise) -> None:
        self.name = name
        self.reason = reason
        super().__init__(format_lazy(_("« {name} » : {reason}"), name=name, reason=reason))


class FileUnavailable(DomainError):
    """A file that cannot be given at this moment, or ever again."""

    message = _("Ce fichier n’est pas disponible.")
    status = 409


class ContentRefused(Exception):
    """Content that is not what Vigie takes; a FileRefused once its name is known. `reason` is a sentence or two for people."""

    def __init__(self, reason: str | Promise) -> None:
        self.reason = reason
        super().__init__(str(reason))
