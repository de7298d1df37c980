"""The sentences of the acts on patients, for the journal. A patient is named by her reference number."""

from django.utils.translation import gettext_lazy as _

from vigie.audit.acts import declare

declare(
    "patients",
    _("Patients"),
    {
        "patients.listed": _("%(actor)s a ouvert le registre des patients de %(object)s."),
        "patients.fetched": _("Le navigateur de %(actor)s a reçu le registre entier de %(object)s, pour y chercher."),
        "patient.read": _("%(actor)s a ouvert la fiche du patient %(object)s."),
        "patient.raw_read": _("%(actor)s a affiché les données brutes du patient %(object)s."),
        "patient.created": _("%(actor)s a ajouté le patient %(object)s."),
        "patient.edited": _("%(actor)s a modifié la fiche du patient %(object)s."),
        "patient.archived": _("%(actor)s a archivé le patient %(object)s."),
        "patient.restored": _("%(actor)s a rétabli le patient %(object)s."),
        "patients.imported": _("%(actor)s a importé des patients dans le registre de %(object)s."),
    },
)
