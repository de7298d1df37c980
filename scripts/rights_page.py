"""Write docs/reference/droits.md from the matrix of rights (vigie/directory/rights.toml).

python scripts/rights_page.py
"""

import tomllib
from pathlib import Path
from typing import Any

from vigie.directory.rights_catalogue import CAPABILITIES, FAMILIES, ROLES, SCOPES, family_of

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "vigie" / "directory" / "rights.toml"
PAGE = ROOT / "docs" / "reference" / "droits.md"

_HEADING = """# Droits

Qui peut faire quoi, et jusqu’où. Ce qui n’est pas écrit ici est refusé. Les rôles d’une même personne s’additionnent,
chacun dans son propre site ou guichet. Être administrateur ou opérateur ne donne aucun droit sur les incidents.

- Ce qu’une personne n’a pas le droit de voir répond « introuvable » (404), comme ce qui n’existe pas.
- Ce qu’elle voit sans avoir le droit de le faire répond « refusé » (403), avec la raison.

L’opérateur modifie cette matrice dans la console (« Plateforme », onglet « Droits ») : voir le guide
« [Modifier la matrice des droits](../guides/droits.md) ». Cette page décrit celle qui est livrée.

Cette page est produite depuis `vigie/directory/rights.toml` (version {version}) par `scripts/rights_page.py` ; un test la compare. Des
droits y figurent déjà pour des parties de Vigie qui n’existent pas encore.
"""


def page() -> str:
    """Return the text of the page. Fails on a capability, role or scope that has no French name here."""
    document: dict[str, Any] = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    parts = [_HEADING.format(version=document.pop("version"))]
    families: dict[str, list[str]] = {name: [] for name in FAMILIES}
    for family, rows in document.items():
        for name, cells in rows.items():
            capability = f"{family}.{name}"
            families[family_of(capability)].append(f"| `{capability}` | {CAPABILITIES[capability]} | {_who(cells)} |")
    for family, lines in families.items():
        if lines:
            parts.append(f"\n## {FAMILIES[family]}\n\n| Droit | Ce qu’il permet | Qui, et jusqu’où |\n|---|---|---|\n")
            parts += [f"{line}\n" for line in lines]
    return "".join(parts)


def _who(cells: dict[str, list[str]]) -> str:
    if unknown := set(cells) - set(ROLES):
        message = f"roles without a French name: {sorted(unknown)}"
        raise KeyError(message)
    return "<br>".join(f"{ROLES[role]}\u00a0: {', '.join(_scope(scope) for scope in cells[role])}" for role in ROLES if role in cells)


def _scope(scope: str) -> str:
    step_up = ", après avoir confirmé son identité" if scope.endswith("!") else ""
    return SCOPES[scope.removesuffix("!")] + step_up


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
