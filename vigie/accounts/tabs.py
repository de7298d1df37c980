"""The tabs of « my account »: its pages come from several apps, which know them by their names."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _


def account_tabs(current: str) -> dict[str, Any]:
    """Return what the frame of these pages needs, with the tab that is shown."""
    pages = {
        "profile": (_("Mon profil"), "accounts:profile"),
        "access": (_("Mes accès"), "own_access"),
        "preferences": (_("Mes paramètres"), "accounts:preferences"),
        "mail": (_("Mes courriels"), "mail_choices"),
        "security": (_("Sécurité"), "accounts:security"),
        "sessions": (_("Mes sessions"), "accounts:sessions"),
        "data": (_("Mes données"), "my_data"),
    }
    return {
        "tabs": [{"label": label, "url": reverse(url), "current": name == current, "count": None} for name, (label, url) in pages.items()]
    }
