"""The sentences of the administrative acts of the directory (PLA-42). Add yours under its family."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from vigie.accounts.factors import FactorKind
from vigie.audit.acts import declare, declare_detail
from vigie.directory import rights_catalogue as catalogue
from vigie.directory.models import GrantedCapability, Role, SupportPurpose
from vigie.directory.rights_catalogue import said_lazily

# --- Members ---------------------------------------------------------------------------------------------------------
declare(
    "members",
    _("Utilisateurs"),
    {
        "member.edited": _("%(actor)s a modifié l’identité de %(object)s."),
        "member.access_changed": _("%(actor)s a changé les accès de %(object)s."),
        "member.deactivated": _("%(actor)s a désactivé %(object)s."),
        "member.reactivated": _("%(actor)s a réactivé %(object)s."),
        "members.exported": _("%(actor)s a exporté la liste des utilisateurs de %(object)s (%(rows)s lignes)."),
    },
)

# --- Factors and sessions --------------------------------------------------------------------------------------------
declare(
    "factors",
    _("Authentification forte"),
    {
        "factor.removed": _("%(actor)s a retiré un facteur de %(object)s."),
        "factor.all_removed": _("%(actor)s a réinitialisé les facteurs de %(object)s."),
        "member.unlocked": _("%(actor)s a débloqué le compte de %(object)s."),
        "member.sessions_ended": _("%(actor)s a fermé des sessions de %(object)s."),
        "network.granted": _("%(actor)s a accordé une plage d’adresses à %(object)s."),
        "network.withdrawn": _("%(actor)s a retiré une plage d’adresses à %(object)s."),
    },
)

declare(
    "cards",
    _("Cartes de prêt"),
    {
        "card.lent": _("%(actor)s a prêté la carte %(card)s à %(object)s."),
        "card.returned": _("%(actor)s a noté que %(object)s a rendu la carte %(card)s."),
    },
)

# --- Invitations -----------------------------------------------------------------------------------------------------
declare(
    "invitations",
    _("Invitations"),
    {
        "member.invited": _("%(actor)s a invité %(object)s."),
        "invitation.resent": _("%(actor)s a renvoyé l’invitation de %(object)s."),
        "invitation.withdrawn": _("%(actor)s a retiré l’invitation de %(object)s."),
        "invitation.expired": _("L’invitation de %(object)s a expiré."),
        "invitation.accepted": _("%(actor)s a accepté son invitation."),
    },
)

# --- Administrators --------------------------------------------------------------------------------------------------
declare(
    "administrators",
    _("Administrateurs"),
    {
        "admin.appointed": _("%(actor)s a nommé %(object)s administrateur du site."),
        "admin.removed": _("%(actor)s a retiré à %(object)s l’administration du site."),
    },
)

# --- Accounts --------------------------------------------------------------------------------------------------------
declare(
    "accounts",
    _("Comptes"),
    {
        "account.email_changed": _("%(actor)s a changé l’adresse électronique du compte de %(object)s."),
        "account.unlocked": _("%(actor)s a débloqué le compte de %(object)s."),
        "account.factors_removed": _("%(actor)s a retiré tous les facteurs du compte de %(object)s."),
        "account.deactivated": _("%(actor)s a désactivé le compte de %(object)s."),
        "account.reactivated": _("%(actor)s a réactivé le compte de %(object)s."),
    },
)
declare("members", _("Utilisateurs"), {"member.email_changed": _("%(actor)s a changé l’adresse électronique de %(object)s.")})

# --- Spaces and sites ------------------------------------------------------------------------------------------------
declare(
    "sites",
    _("Espaces et sites"),
    {
        "space.created": _("%(actor)s a créé l’espace %(object)s."),
        "space.renamed": _("%(actor)s a renommé l’espace %(object)s."),
        "site.created": _("%(actor)s a créé le site %(object)s."),
        "site.edited": _("%(actor)s a modifié la fiche du site %(object)s."),
        "site.closed": _("%(actor)s a mis le site %(object)s hors service."),
        "site.opened": _("%(actor)s a remis le site %(object)s en service."),
    },
)

# --- Terms of use ----------------------------------------------------------------------------------------------------
declare(
    "terms",
    _("Conditions d’utilisation"),
    {"terms.published": _("%(actor)s a publié la version %(version)s des conditions d’utilisation.")},
)

# --- The journal -----------------------------------------------------------------------------------------------------
declare(
    "journal",
    _("Journal"),
    {
        "journal.exported": _("%(actor)s a exporté le journal (%(rows)s lignes)."),
        "journal.verified": _("%(actor)s a demandé la vérification du journal."),
    },
)

# --- The matrix of rights --------------------------------------------------------------------------------------------
declare(
    "rights",
    _("Droits"),
    {
        "rights.changed": _("%(actor)s a modifié la matrice des droits (version %(version)s)."),
        "rights.restored": _("%(actor)s a rétabli la version %(restored)s de la matrice des droits (devenue la version %(version)s)."),
        "rights.upgraded": _("Une mise à jour de Vigie a complété la matrice des droits (version %(version)s)."),
    },
)
declare_detail(
    "changes",
    _("Droits changés"),
    {
        f"{capability}|{role}|{scope}": format_lazy("{} – {} ({})", said_lazily(role_word), said_lazily(word), said_lazily(scope_word))
        for capability, word in catalogue.CAPABILITIES.items()
        for role, role_word in catalogue.ROLES.items()
        for scope, scope_word in catalogue.SCOPES.items()
    },
)

# --- Registers of a site ---------------------------------------------------------------------------------------------
declare(
    "services",
    _("Services"),
    {
        "service.added": _("%(actor)s a ajouté le service %(object)s."),
        "service.renamed": _("%(actor)s a renommé un service en %(object)s."),
        "service.deleted": _("%(actor)s a supprimé le service %(object)s."),
    },
)
declare(
    "practitioners",
    _("Médecins émetteurs"),
    {
        "practitioner.added": _("%(actor)s a ajouté %(object)s au registre des médecins."),
        "practitioner.edited": _("%(actor)s a modifié la fiche de %(object)s."),
        "practitioner.deactivated": _("%(actor)s a mis %(object)s hors exercice."),
        "practitioner.reactivated": _("%(actor)s a remis %(object)s en exercice."),
        "practitioner.deleted": _("%(actor)s a retiré %(object)s du registre des médecins."),
        "practitioner.features_changed": _("%(actor)s a changé les fonctionnalités de %(object)s."),
        "member.identities_added": _("%(actor)s a ajouté des identités médicales à %(object)s."),
        "member.identities_removed": _("%(actor)s a retiré des identités médicales à %(object)s."),
    },
)
declare(
    "features",
    _("Fonctionnalités"),
    {
        "feature.defined": _("%(actor)s a défini la fonctionnalité %(object)s."),
        "feature.edited": _("%(actor)s a modifié la fonctionnalité %(object)s."),
        "feature.deleted": _("%(actor)s a retiré la fonctionnalité %(object)s du catalogue."),
        "feature.made_available": _("%(actor)s a ouvert au site la fonctionnalité %(object)s."),
        "feature.withdrawn": _("%(actor)s a retiré du site la fonctionnalité %(object)s."),
        "feature.activated": _("%(actor)s a changé les services qui ont la fonctionnalité %(object)s."),
    },
)

# --- Support sites ---------------------------------------------------------------------------------------------------
declare(
    "support",
    _("Sites de support"),
    {
        "support.granted": _("%(actor)s a confié l’administration du site à %(object)s."),
        "support.renewed": _("%(actor)s a renouvelé la délégation à %(object)s."),
        "support.withdrawn": _("%(actor)s a retiré la délégation à %(object)s."),
        "support.expired": _("La délégation à %(object)s est arrivée à son terme."),
        "support.work_done": _("%(actor)s a indiqué que son travail est terminé."),
    },
)

# --- What acts changed -----------------------------------------------------------------------------------------------
declare_detail("roles", _("Rôles"), {role.value: role.label for role in Role})
declare_detail(
    "fields",
    _("Champs"),
    {
        "first_name": _("Prénom"),
        "last_name": _("Nom"),
        "function": _("Fonction"),
        "name": _("Nom"),
        "kind": _("Type"),
        "number": _("Numéro de site"),
        "finess": _("FINESS"),
        "address": _("Adresse"),
        "city": _("Ville"),
        "latitude": _("Latitude"),
        "longitude": _("Longitude"),
        "time_zone": _("Fuseau horaire"),
        "holiday_zone": _("Jours fériés"),
        "phone": _("Téléphone"),
        "rpps": _("Numéro RPPS"),
        "title": _("Titre"),
        "specialty": _("Spécialité"),
        "description": _("Description"),
    },
)
declare_detail("habilitations", _("Habilitations"), {code: said_lazily(word) for code, word in catalogue.CAPABILITIES.items()})
declare_detail("features", _("Fonctionnalités"))
declare_detail("factor", _("Facteur"), {kind.value: kind.label for kind in FactorKind})
declare_detail("network", _("Plage"))
declare_detail("until", _("Jusqu’au"))
declare_detail("count", _("Nombre"))
declare_detail("capabilities", _("Peut"), {one.value: one.label for one in GrantedCapability})
declare_detail("purpose", _("Motif"), {one.value: one.label for one in SupportPurpose})
