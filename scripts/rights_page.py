"""Write docs/reference/droits.md from the matrix of rights (vigie/directory/rights.toml).

python scripts/rights_page.py
"""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "vigie" / "directory" / "rights.toml"
PAGE = ROOT / "docs" / "reference" / "droits.md"

ROLES = {
    "user": "Utilisateur",
    "referent": "Référent",
    "agent": "Technicien",
    "admin": "Administrateur",
    "planner": "Planification",
    "editor": "Rédacteur",
    "support": "Site de support",
    "operator": "Opérateur",
}
SCOPES = {
    "own": "les siens",
    "followed": "ceux qu’il suit",
    "observed": "ceux qu’il observe",
    "site": "tout son site",
    "served": "un site que sert son guichet",
    "desk": "tout son guichet",
    "self": "lui-même",
    "contacts": "les contacts de ses incidents",
    "granted": "le site qui l’a délégué",
    "habilitation": "selon son habilitation",
    "platform": "toute la plateforme",
}
CAPABILITIES = {
    "incident.file": "déclarer un incident ou une demande",
    "incident.read": "lire un incident, sans ses notes internes",
    "incident.comment": "publier un commentaire, tant que l’incident est ouvert",
    "incident.note": "lire et écrire les notes internes",
    "incident.nudge": "relancer",
    "incident.close": "fermer",
    "incident.accept": "accepter une résolution",
    "incident.refuse": "refuser une résolution",
    "incident.assign": "attribuer",
    "incident.plan": "planifier une intervention",
    "incident.time": "noter le temps passé",
    "incident.status": "changer le statut",
    "incident.resolve": "résoudre",
    "incident.reopen": "rouvrir",
    "incident.merge": "fusionner des doublons",
    "incident.split": "diviser",
    "incident.transfer": "transférer à un autre guichet",
    "incident.follow": "suivre",
    "incident.observe": "ajouter un observateur",
    "list.personal": "garder des listes personnelles",
    "list.share": "partager une liste",
    "desk.configure": "régler un guichet (horaires, priorités, catégories)",
    "users.read": "lire les fiches des personnes",
    "users.write": "modifier les fiches des personnes",
    "factors.reset": "réinitialiser un second facteur",
    "factors.ip": "gérer les plages d’adresses de confiance",
    "admins.appoint": "nommer un administrateur",
    "email.change": "changer une adresse électronique",
    "account.deactivate": "désactiver un compte",
    "rights.change": "changer les droits",
    "features.activate": "activer des fonctionnalités pour des services",
    "features.practitioner": "régler les fonctionnalités d’un praticien",
    "support_grant.add": "déléguer à un site de support",
    "support_grant.withdraw": "retirer une délégation",
    "documents.read": "lire les rapports",
    "documents.decide": "valider ou refuser un rapport",
    "documents.publish": "publier un rapport",
    "articles.write": "écrire des articles",
    "announcements.write": "écrire des annonces",
    "patients.open": "ouvrir le registre des patients",
    "audit.read": "lire la trace des actes",
}

_HEADING = """# Droits

Qui peut faire quoi, et jusqu’où. Ce qui n’est pas écrit ici est refusé. Les rôles d’une même personne s’additionnent,
chacun dans son propre site ou guichet. Être administrateur ou opérateur ne donne aucun droit sur les incidents.

- Ce qu’une personne n’a pas le droit de voir répond « introuvable » (404), comme ce qui n’existe pas.
- Ce qu’elle voit sans avoir le droit de le faire répond « refusé » (403), avec la raison.

Cette page est produite depuis `vigie/directory/rights.toml` (version {version}) par `scripts/rights_page.py` ; un test la compare. Des
droits y figurent déjà pour des parties de Vigie qui n’existent pas encore.
"""
_FAMILIES = {
    "incident": "Incidents et demandes",
    "list": "Listes",
    "desk": "Guichets",
    "users": "Personnes",
    "factors": "Seconds facteurs",
    "admins": "Administration",
    "features": "Fonctionnalités",
    "support_grant": "Sites de support",
    "documents": "Rapports",
    "articles": "Connaissances",
    "patients": "Patients",
    "audit": "Trace",
}
_TOGETHER = {"email": "admins", "account": "admins", "rights": "admins", "announcements": "articles"}


def page() -> str:
    """Return the text of the page. Fails on a capability, role or scope that has no French name here."""
    document: dict[str, Any] = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    parts = [_HEADING.format(version=document.pop("version"))]
    families: dict[str, list[str]] = {name: [] for name in _FAMILIES}
    for family, rows in document.items():
        for name, cells in rows.items():
            capability = f"{family}.{name}"
            families[_TOGETHER.get(family, family)].append(f"| `{capability}` | {CAPABILITIES[capability]} | {_who(cells)} |")
    for family, lines in families.items():
        if lines:
            parts.append(f"\n## {_FAMILIES[family]}\n\n| Droit | Ce qu’il permet | Qui, et jusqu’où |\n|---|---|---|\n")
            parts += [f"{line}\n" for line in lines]
    return "".join(parts)


def _who(cells: dict[str, list[str]]) -> str:
    if unknown := set(cells) - set(ROLES):
        message = f"roles without a French name: {sorted(unknown)}"
        raise KeyError(message)
    return "<br>".join(f"{ROLES[role]}\u00a0: {', '.join(SCOPES[scope] for scope in cells[role])}" for role in ROLES if role in cells)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
