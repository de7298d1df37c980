"""The words of the matrix of rights, and which of its cells operators may decide.

Texts are French here and translated where they are shown, so that the documentation page is made from them without
Django. A cell that no policy asks for would promise what Vigie does not do: besides those that `rights.toml` gives,
only the relations of `ALSO_OFFERED` can be given.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.utils import translation as django_translation

# The module behind needs no settings: the documentation page is made without them.
from django.utils.translation.trans_null import gettext_noop

if TYPE_CHECKING:
    from django.utils.functional import Promise

Relation = tuple[str, str]
Cell = tuple[str, str, str]

ROLES: Final[Mapping[str, str]] = {
    "user": gettext_noop("Utilisateur"),
    "referent": gettext_noop("Référent"),
    "agent": gettext_noop("Technicien"),
    "admin": gettext_noop("Administrateur"),
    "planner": gettext_noop("Planification"),
    "editor": gettext_noop("Rédacteur"),
    "support": gettext_noop("Site de support"),
    "operator": gettext_noop("Opérateur"),
}
SCOPES: Final[Mapping[str, str]] = {
    "own": gettext_noop("les siens"),
    "followed": gettext_noop("ceux que l’on suit"),
    "observed": gettext_noop("ceux que l’on observe"),
    "site": gettext_noop("tout son site"),
    "served": gettext_noop("un site que sert son guichet"),
    "desk": gettext_noop("tout son guichet"),
    "self": gettext_noop("soi-même"),
    "contacts": gettext_noop("les contacts de ses incidents"),
    "granted": gettext_noop("le site qui a délégué"),
    "habilitation": gettext_noop("selon son habilitation"),
    "platform": gettext_noop("toute la plateforme"),
}
FAMILIES: Final[Mapping[str, str]] = {
    "incident": gettext_noop("Incidents et demandes"),
    "list": gettext_noop("Listes"),
    "desk": gettext_noop("Guichets"),
    "users": gettext_noop("Personnes"),
    "factors": gettext_noop("Seconds facteurs"),
    "admins": gettext_noop("Administration"),
    "features": gettext_noop("Fonctionnalités"),
    "support_grant": gettext_noop("Sites de support"),
    "documents": gettext_noop("Rapports"),
    "articles": gettext_noop("Connaissances"),
    "patients": gettext_noop("Patients"),
    "sealing": gettext_noop("Scellement"),
    "audit": gettext_noop("Journal"),
}
SHOWN_WITH: Final[Mapping[str, str]] = {"email": "admins", "account": "admins", "rights": "admins", "announcements": "articles"}
"""Families shown under another one."""

CAPABILITIES: Final[Mapping[str, str]] = {
    "incident.file": gettext_noop("déclarer un incident ou une demande"),
    "incident.read": gettext_noop("lire un incident, sans ses notes internes"),
    "incident.comment": gettext_noop("publier un commentaire, tant que l’incident est ouvert"),
    "incident.note": gettext_noop("lire et écrire les notes internes"),
    "incident.nudge": gettext_noop("relancer"),
    "incident.close": gettext_noop("fermer"),
    "incident.accept": gettext_noop("accepter une résolution"),
    "incident.refuse": gettext_noop("refuser une résolution"),
    "incident.assign": gettext_noop("attribuer"),
    "incident.plan": gettext_noop("planifier une intervention"),
    "incident.time": gettext_noop("noter le temps passé"),
    "incident.status": gettext_noop("changer le statut"),
    "incident.resolve": gettext_noop("résoudre"),
    "incident.reopen": gettext_noop("rouvrir"),
    "incident.merge": gettext_noop("fusionner des doublons"),
    "incident.split": gettext_noop("diviser"),
    "incident.transfer": gettext_noop("transférer à un autre guichet"),
    "incident.follow": gettext_noop("suivre"),
    "incident.observe": gettext_noop("ajouter un observateur"),
    "list.personal": gettext_noop("garder des listes personnelles"),
    "list.share": gettext_noop("partager une liste"),
    "desk.configure": gettext_noop("régler un guichet (horaires, priorités, catégories)"),
    "users.read": gettext_noop("lire les fiches des personnes"),
    "users.write": gettext_noop("modifier les fiches des personnes"),
    "factors.reset": gettext_noop("réinitialiser un second facteur"),
    "factors.ip": gettext_noop("gérer les plages d’adresses de confiance"),
    "admins.appoint": gettext_noop("nommer un administrateur"),
    "email.change": gettext_noop("changer une adresse électronique"),
    "account.deactivate": gettext_noop("désactiver un compte"),
    "rights.change": gettext_noop("changer les droits"),
    "features.activate": gettext_noop("activer des fonctionnalités pour des services"),
    "features.practitioner": gettext_noop("régler les fonctionnalités d’un praticien"),
    "support_grant.add": gettext_noop("déléguer à un site de support"),
    "support_grant.withdraw": gettext_noop("retirer une délégation"),
    "documents.read": gettext_noop("lire les rapports"),
    "documents.decide": gettext_noop("valider ou refuser un rapport"),
    "documents.publish": gettext_noop("publier un rapport"),
    "articles.write": gettext_noop("écrire des articles"),
    "announcements.write": gettext_noop("écrire des annonces"),
    "patients.open": gettext_noop("ouvrir le registre des patients"),
    "patients.write": gettext_noop("modifier le registre des patients"),
    "sealing.manage": gettext_noop("gérer la clé du site, sans lire ce qu’elle ouvre"),
    "audit.read": gettext_noop("lire le journal des actes"),
}

POWERS: Final = frozenset({"rights.change", "admins.appoint", "email.change", "account.deactivate", "factors.ip"})
"""Whoever holds one of these can widen her own rights, or enter as somebody else: the operator alone."""
ADMINISTRATIVE: Final = POWERS | {
    "users.write",
    "factors.reset",
    "desk.configure",
    "support_grant.add",
    "support_grant.withdraw",
    "audit.read",
}
"""Rights over people and over how Vigie works: a change of these is pointed out before it is saved."""
HEALTH: Final = frozenset({"patients.open", "patients.write", "documents.read", "documents.decide", "documents.publish"})
"""Rights that lead to health data."""
PLANNED: Final = frozenset(
    {
        "incident.time",
        "incident.merge",
        "incident.split",
        "incident.transfer",
        "list.personal",
        "list.share",
        "documents.read",
        "documents.decide",
        "documents.publish",
        "articles.write",
        "announcements.write",
    }
)
"""Rights of parts of Vigie to come: no policy asks for them, and the page says so."""
PLANNED_CELLS: Final[frozenset[Cell]] = frozenset({("incident.file", "agent", "served")})
"""Cells of applied rights that no page offers yet: filing for somebody else, on the telephone."""
LOCKED: Final[Cell] = ("rights.change", "operator", "platform")
"""Without this cell nobody could change the matrix any more."""
WITH_STEP_UP: Final = frozenset({"rights.change", "admins.appoint", "email.change", "account.deactivate", "factors.ip", "factors.reset"})
"""Capabilities whose pages can ask the person to confirm who she is."""
ALWAYS_CONFIRMED: Final[Cell] = ("factors.reset", "user", "self")
"""One's own factors: their pages ask in any case."""

ALSO_OFFERED: Final[Mapping[str, tuple[Relation, ...]]] = {
    "incident.nudge": (("user", "followed"), ("user", "observed")),
    "incident.close": (("user", "followed"), ("user", "observed")),
    "incident.accept": (("user", "followed"), ("user", "observed")),
    "incident.refuse": (("user", "followed"), ("user", "observed")),
}
"""Relations that policies ask for, which the file does not give."""

_ROLE_ORDER: Final = tuple(ROLES)
_SCOPE_ORDER: Final = tuple(SCOPES)
_CAPABILITY_ORDER: Final = tuple(CAPABILITIES)


def said(text: str) -> str:
    """Return one of the texts of this module in the reader's language."""
    return django_translation.gettext(text)


def said_lazily(text: str) -> "Promise":
    return django_translation.gettext_lazy(text)


def family_of(capability: str) -> str:
    family = capability.split(".", 1)[0]
    return SHOWN_WITH.get(family, family)


def in_order(cells: set[Cell]) -> list[Cell]:
    """Return cells in the order of the page."""
    return sorted(cells, key=lambda cell: (_CAPABILITY_ORDER.index(cell[0]), _ROLE_ORDER.index(cell[1]), _SCOPE_ORDER.index(cell[2])))


def offered(delivered: set[Cell]) -> set[Cell]:
    """Return the cells that can be decided: those of the file, and those that policies ask for besides."""
    return delivered | {(capability, role, scope) for capability, relations in ALSO_OFFERED.items() for role, scope in relations}
