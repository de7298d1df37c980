"""Addresses of the console of a site: its members."""

from django.urls import URLPattern, path

from vigie.directory import console_bulk_views as bulk
from vigie.directory import console_import_views as importing
from vigie.directory import console_invitation_views as inviting
from vigie.directory import console_views as views

urlpatterns: list[URLPattern] = [
    path("", views.index, name="index"),
    path("utilisateurs/<uuid:membership_id>/", views.member, name="member"),
    path("utilisateurs/<uuid:membership_id>/identite/", views.member_edit, name="member_edit"),
    path("utilisateurs/<uuid:membership_id>/acces/", views.member_access, name="member_access"),
    path("utilisateurs/<uuid:membership_id>/activite/", views.member_deactivate, name="member_deactivate"),
    path("utilisateurs/<uuid:membership_id>/invitation/", inviting.member_resend, name="member_resend"),
    path("<str:number>/utilisateurs/ajouter/", inviting.member_add, name="member_add"),
    path("<str:number>/utilisateurs/invitations/", bulk.members_resend, name="members_resend"),
    path("<str:number>/utilisateurs/", views.members, name="members"),
    path("<str:number>/utilisateurs/export/", bulk.members_export, name="members_export"),
    path("<str:number>/utilisateurs/desactiver/", bulk.members_deactivate, name="members_deactivate"),
    path("<str:number>/utilisateurs/importer/", importing.members_import, name="members_import"),
    path("<str:number>/utilisateurs/importer/modele/", importing.members_import_model, name="members_import_model"),
    path("<str:number>/utilisateurs/importer/<uuid:errand_id>/", importing.members_import_plan, name="members_import_plan"),
    path("<str:number>/utilisateurs/importer/<uuid:errand_id>/envoi/", importing.members_import_confirm, name="members_import_confirm"),
    path("<str:number>/utilisateurs/importer/<uuid:errand_id>/erreurs/", importing.members_import_errors, name="members_import_errors"),
    path("<str:number>/utilisateurs/services/", bulk.members_services, name="members_services"),
]
