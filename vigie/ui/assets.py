"""The built assets: their hashed names, from the manifest that `frontend/build.mjs` writes."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

FOLDER: Final = Path(__file__).parent / "static" / "dist"


@dataclass(frozen=True, slots=True)
class Asset:
    url: str
    integrity: str
    """For the `integrity` attribute: the browser refuses a file that differs."""


@cache
def _manifest() -> dict[str, Asset]:
    return {name: Asset(url=static(f"dist/{entry['file']}"), integrity=entry["integrity"]) for name, entry in _read()["files"].items()}


@cache
def icon_names() -> frozenset[str]:
    return frozenset(_read()["icons"])


def _read() -> dict[str, dict[str, dict[str, str]]]:
    try:
        content: dict[str, dict[str, dict[str, str]]] = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"No assets in {FOLDER}. Build them: npm ci && npm run build, in frontend/ (uv sync does it)."
        raise ImproperlyConfigured(message) from None
    return content


def asset(name: str) -> Asset:
    """Return the asset by its unhashed name, `app.js`. Raises LookupError for an unknown one."""
    try:
        return _manifest()[name]
    except KeyError:
        raise LookupError(f"No asset is called {name!r}; there are {sorted(_manifest())}.") from None
