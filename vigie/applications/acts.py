"""The sentences of the administrative acts on applications (PLA-42)."""

from django.utils.translation import gettext_lazy as _

from vigie.applications.models import ClaimScope
from vigie.audit.acts import declare, declare_detail

declare(
    "applications",
    _("Applications du territoire"),
    {
        "application.registered": _("%(actor)s a déclaré l’application %(object)s."),
        "application.changed": _("%(actor)s a modifié l’application %(object)s."),
        "application.withdrawn": _("%(actor)s a mis l’application %(object)s hors service."),
        "application.restored": _("%(actor)s a remis l’application %(object)s en service."),
        "application.secret_renewed": _("%(actor)s a renouvelé le secret de l’application %(object)s."),
        "application.consented": _("%(actor)s a accepté que l’application %(object)s reçoive ses données."),
        "signing_key.renewed": _("%(actor)s a renouvelé la clé qui signe pour les applications."),
    },
)
declare_detail("claim_scopes", _("Données"), {**dict(ClaimScope.choices), "openid": _("identifiant")})
