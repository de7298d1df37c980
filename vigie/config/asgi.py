"""What the server runs: Django's pages, the live streams and the assets of this installation."""

import os
from typing import Final

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigie.config.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from vigie.config.static_files import StaticFiles
from vigie.config.web_process import WebProcess
from vigie.config.wsgi_bridge import WSGIBridge
from vigie.foundation.live_hub import LiveHub

MAX_REQUEST_BYTES: Final = 128 * 1024 * 1024
"""More than the largest form with its files (ten of ten megabytes); lower limits are the pages' own, answered with words."""

application = WebProcess(
    hub=LiveHub(dsn=settings.VIGIE_DIRECT_DATABASE_URL, session_cookie=settings.SESSION_COOKIE_NAME),
    static_files=StaticFiles(folder=settings.PACKAGE / "ui" / "static", prefix=settings.STATIC_URL),
    pages=WSGIBridge(get_wsgi_application(), max_body=MAX_REQUEST_BYTES),
)


def load_pages() -> None:
    """Import the views now: otherwise each process would, at its first request."""
    get_resolver().url_patterns  # noqa: B018 - read for what it does
