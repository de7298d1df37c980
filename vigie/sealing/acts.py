"""The sentences of the acts on keys, for the journal."""

from django.utils.translation import gettext_lazy as _

from vigie.audit.acts import declare, declare_detail
from vigie.sealing.models import Method

declare(
    "sealing",
    _("Scellement"),
    {
        "sealing.key_made": _("%(actor)s a créé la clé %(object)s."),
        "sealing.kit_proven": _("%(actor)s a vérifié le kit de secours de la clé %(object)s."),
        "sealing.key_confirmed": _("%(actor)s a confirmé la clé %(object)s, désormais en service."),
        "sealing.key_withdrawn": _("%(actor)s a abandonné la clé %(object)s."),
        "sealing.key_retired": _("La clé %(object)s n’est plus utilisée : ses méthodes de déverrouillage sont effacées (%(actor)s)."),
        "sealing.wraps_read": _("%(actor)s a demandé à déverrouiller la clé %(object)s."),
        "sealing.wrap_added": _("%(actor)s a ajouté une méthode de déverrouillage à la clé %(object)s."),
        "sealing.wrap_proven": _("%(actor)s a vérifié une méthode de déverrouillage de la clé %(object)s."),
        "sealing.wrap_removed": _("%(actor)s a retiré une méthode de déverrouillage de la clé %(object)s."),
        "sealing.data_key_added": _("%(actor)s a créé une clé de données, sous la clé %(object)s."),
        "sealing.data_key_wrapped": _("%(actor)s a renouvelé l’enveloppe d’une clé de données, sous la clé %(object)s."),
        "sealing.data_key_retired": _("%(actor)s a retiré la clé de données %(object)s, qui ne servait plus."),
        "sealing.values_resealed": _("%(actor)s a rescellé des valeurs de %(object)s."),
        "sealing.station_unlocked": _("%(actor)s a déverrouillé le poste %(object)s."),
        "sealing.station_forgotten": _("%(actor)s a fait oublier la clé au poste %(object)s."),
        "sealing.station_revoked": _("%(actor)s a révoqué le poste %(object)s."),
        "sealing.connector_proposed": _("%(actor)s a proposé le connecteur %(object)s comme lecteur."),
        "sealing.connector_confirmed": _("%(actor)s a confirmé la clé du connecteur %(object)s."),
        "sealing.connector_withdrawn": _("%(actor)s a retiré le connecteur %(object)s des lecteurs."),
        "sealing.alarm": _("Alarme sur un poste de %(actor)s (%(object)s) : il a refusé ce que le serveur lui présentait."),
    },
)
declare_detail("method", _("Méthode"), {method.value: method.label for method in Method})
declare_detail(
    "reason",
    _("Raison"),
    {
        "first": _("première clé"),
        "rotation": _("renouvellement"),
        "leaver": _("départ d’une personne"),
        "workstation": _("poste perdu ou volé"),
        "doubt": _("doute sur la clé"),
    },
)
declare_detail(
    "alarm",
    _("Alarme"),
    {
        "key": _("une autre clé que celle connue"),
        "recipient": _("des lecteurs que le site n’a pas signés"),
        "revision": _("une valeur ou une clé plus ancienne que celle déjà vue"),
        "value": _("une valeur altérée ou déplacée"),
        "instance": _("une autre installation de Vigie"),
    },
)
declare_detail("purpose", _("Pour"), {"unlock": _("lire sur ce poste"), "manage": _("gérer la clé")})
