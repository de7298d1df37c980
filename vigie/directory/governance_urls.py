"""Addresses of what governs the platform: the matrix of rights, the journal, the terms of use."""

from django.urls import URLPattern, path

from vigie.directory import rights_views as rights

urlpatterns: list[URLPattern] = [
    path("plateforme/droits/modifier/", rights.edit, name="rights_edit"),
    path("plateforme/droits/apercu/", rights.preview, name="rights_preview"),
    path("plateforme/droits/enregistrer/", rights.save, name="rights_save"),
    path("droits/", rights.matrix, name="rights"),
    path("droits/versions/", rights.versions, name="rights_versions"),
    path("<str:number>/droits/", rights.site_matrix, name="site_rights"),
]
