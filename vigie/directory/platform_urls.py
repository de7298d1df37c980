"""Addresses of the operator’s console."""

from django.urls import URLPattern, path

from vigie.directory import platform_space_views as spaces

urlpatterns: list[URLPattern] = [
    path("plateforme/", spaces.index, name="platform"),
    path("plateforme/espaces/", spaces.spaces, name="platform_spaces"),
]
