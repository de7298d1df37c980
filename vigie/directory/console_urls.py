"""Addresses of the console of a site: its members."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
