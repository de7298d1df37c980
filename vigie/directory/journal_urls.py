"""Addresses of one's own journal."""

from django.urls import path

from vigie.directory import journal_views as views

app_name = "journal"
urlpatterns = [
    path("", views.own, name="own"),
    path("export/", views.own_export, name="own_export"),
]
