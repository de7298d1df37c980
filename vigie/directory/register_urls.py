"""Addresses of the registers of a site: services, features, practitioners."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
