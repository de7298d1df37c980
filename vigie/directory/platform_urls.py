"""Addresses of the operator’s console."""

from django.urls import URLPattern, path

from vigie.directory import platform_site_views as sites
from vigie.directory import platform_space_views as spaces

urlpatterns: list[URLPattern] = [
    path("plateforme/", spaces.index, name="platform"),
    path("plateforme/espaces/", spaces.spaces, name="platform_spaces"),
    path("plateforme/espaces/creer/", spaces.space_add, name="platform_space_add"),
    path("plateforme/espaces/<uuid:space_id>/", spaces.space_edit, name="platform_space"),
    path("plateforme/sites/", sites.sites, name="platform_sites"),
    path("plateforme/sites/creer/", sites.site_add, name="platform_site_add"),
    path("plateforme/sites/<uuid:site_id>/", sites.site, name="platform_site"),
    path("plateforme/sites/<uuid:site_id>/service/", sites.site_service, name="platform_site_service"),
]
