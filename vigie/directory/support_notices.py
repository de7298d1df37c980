"""The mails about grants: both sides are told (SEA-2). Written in the reader's language and time zone."""

from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from vigie.accounts.models import User
from vigie.directory.models import SupportGrant

SUBJECTS: Final = {
    "granted": _("Une délégation à un support est accordée"),
    "renewed": _("Une délégation à un support est renouvelée"),
    "ended": _("Une délégation à un support est terminée"),
    "work_done": _("Le support a terminé : pensez à retirer sa délégation"),
    "idle": _("Une délégation à un support ne sert plus : pensez à la retirer"),
}
TO_THE_SITE_ALONE: Final = frozenset({"work_done", "idle"})


def tell(grant: SupportGrant, event: str, *, readers: Iterable[User], is_support: bool, turn: int) -> int:
    """Write to the administrators of one of the two sites; return to how many. Once each, however often this is called."""
    if is_support and event in TO_THE_SITE_ALONE:
        return 0
    number = grant.support_number if is_support else grant.site_number
    address = reverse("directory:support_entrusted" if is_support else "directory:support_sites", args=[number])
    told = 0
    for reader in readers:
        with override(reader.language), timezone.override(reader.time_zone):
            text = render_to_string(
                "directory/mail/support.txt",
                {"grant": grant, "event": event, "is_support": is_support, "reader": reader, "url": f"{settings.VIGIE_BASE_URL}{address}"},
            )
            told += import_string(settings.VIGIE_MAILER)(
                recipient=reader,
                event=f"support.{event}:{grant.id}:{turn}",
                subject=str(SUBJECTS[event]),
                text=text.strip() + "\n",
            )
    return told
