"""Addresses of what governs the platform: the matrix of rights, the journal, the terms of use."""

from django.urls import URLPattern, path

from vigie.directory import journal_views as journal
from vigie.directory import rights_views as rights
from vigie.directory import terms_views as terms

urlpatterns: list[URLPattern] = [
    path("plateforme/droits/modifier/", rights.edit, name="rights_edit"),
    path("plateforme/droits/apercu/", rights.preview, name="rights_preview"),
    path("plateforme/droits/enregistrer/", rights.save, name="rights_save"),
    path("droits/", rights.matrix, name="rights"),
    path("droits/versions/", rights.versions, name="rights_versions"),
    path("plateforme/journal/", journal.platform, name="platform_journal"),
    path("plateforme/journal/export/", journal.platform_export, name="platform_journal_export"),
    path("plateforme/journal/verifier/", journal.verify, name="journal_verify"),
    path("plateforme/conditions/", terms.index, name="terms"),
    path("plateforme/conditions/texte/", terms.text, name="terms_text"),
    path("plateforme/conditions/brouillon/", terms.edit, name="terms_edit"),
    path("plateforme/conditions/apercu/", terms.preview, name="terms_preview"),
    path("plateforme/conditions/publier/", terms.publish, name="terms_publish"),
    path("plateforme/conditions/acceptations/", terms.acceptances, name="terms_acceptances"),
    path("<str:number>/journal/", journal.site, name="journal"),
    path("<str:number>/journal/export/", journal.site_export, name="journal_export"),
    path("<str:number>/droits/", rights.site_matrix, name="site_rights"),
]
