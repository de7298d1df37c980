"""The incidents that a person filed or follows, and what she wrote in them.

Internal notes belong to the desk: those that she wrote there are not about her, and are left out.
"""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from vigie.accounts.models import User
from vigie.directory.models import Desk
from vigie.directory.personal_data import sites_of
from vigie.foundation import personal_data, scope
from vigie.foundation.personal_data import Row, Section
from vigie.foundation.scope import Scope
from vigie.incidents.models import Follower, FollowUp, Incident, IncidentFile, Interest


def register() -> None:
    personal_data.register("incidents", Section(_("Les incidents que j’ai déclarés"), _FILED, _filed))
    personal_data.register("comments", Section(_("Ce que j’ai écrit sur des incidents"), _WRITTEN, _written))
    personal_data.register("followed", Section(_("Les incidents que je suis"), _FOLLOWED, _followed))
    personal_data.register("files", Section(_("Les fichiers que j’ai joints"), _FILES, _files))


_FILED = {
    "number": _("Numéro"),
    "subject": _("Objet"),
    "description": _("Description"),
    "site": _("Site"),
    "status": _("Statut"),
    "contact_name": _("Contact"),
    "contact_phone": _("Téléphone"),
    "created_at": _("Déclaré le"),
    "closed_at": _("Fermé le"),
}
_WRITTEN = {"number": _("Numéro"), "at": _("Date"), "text": _("Texte")}
_FOLLOWED = {"number": _("Numéro"), "interest": _("Pourquoi"), "since": _("Depuis")}
_FILES = {"number": _("Numéro"), "name": _("Nom"), "size": _("Taille (octets)"), "added_at": _("Ajouté le")}


def _reach(user: User) -> Scope:
    """All the sites and desks where she wrote: what is read there is filtered on her, strictly."""
    sites = sites_of(user)
    with scope.entered(Scope(user_id=user.pk, site_ids=sites)):
        desks = frozenset(Desk.objects.filter(site__in=sites).values_list("id", flat=True))
    return Scope(user_id=user.pk, site_ids=sites, desk_ids=desks, reach_ids=desks)


def _filed(user: User) -> Iterator[Row]:
    with scope.entered(_reach(user)):
        incidents = list(Incident.objects.filter(requester=user).select_related("site").order_by("created_at"))
    for incident in incidents:
        yield [
            incident.number,
            incident.subject,
            incident.description,
            incident.site.name,
            incident.get_status_display(),
            incident.contact_name,
            incident.contact_phone,
            incident.created_at,
            incident.closed_at,
        ]


def _written(user: User) -> Iterator[Row]:
    with scope.entered(_reach(user)):
        entries = FollowUp.objects.filter(author=user, internal=False).exclude(body="").order_by("created_at")
        rows = list(entries.values_list("incident__number", "created_at", "body"))
    yield from rows


def _followed(user: User) -> Iterator[Row]:
    with scope.entered(_reach(user)):
        followed = list(Follower.objects.filter(user=user).order_by("created_at").values_list("incident__number", "interest", "created_at"))
    for number, interest, since in followed:
        yield [number, str(Interest(interest).label), since]


def _files(user: User) -> Iterator[Row]:
    with scope.entered(_reach(user)):
        files = IncidentFile.objects.filter(attachment__uploaded_by=user, internal=False).order_by("attachment__created_at")
        rows = list(files.values_list("incident__number", "attachment__name", "attachment__size", "attachment__created_at"))
    yield from rows
