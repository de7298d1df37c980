"""Addresses of the console of a site: its members."""

from django.urls import URLPattern, path

from vigie.directory import card_views as cards
from vigie.directory import console_bulk_views as bulk
from vigie.directory import console_factor_views as factors
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
    path("utilisateurs/<uuid:membership_id>/debloquer/", factors.member_unlock, name="member_unlock"),
    path("utilisateurs/<uuid:membership_id>/facteurs/reinitialiser/", factors.factors_reset, name="factors_reset"),
    path("utilisateurs/<uuid:membership_id>/facteurs/<int:factor_id>/retirer/", factors.factor_remove, name="factor_remove"),
    path("utilisateurs/<uuid:membership_id>/identites-liees/<int:identity_id>/retirer/", factors.identity_remove, name="identity_remove"),
    path("utilisateurs/<uuid:membership_id>/sessions/fermer/", factors.sessions_end, name="member_sessions_end"),
    path("utilisateurs/<uuid:membership_id>/plages/ajouter/", factors.network_add, name="network_add"),
    path("utilisateurs/<uuid:membership_id>/plages/<uuid:network_id>/retirer/", factors.network_withdraw, name="network_withdraw"),
    path("utilisateurs/<uuid:membership_id>/carte/", cards.card_lend, name="card_lend"),
    path("cartes/<uuid:card_id>/rendre/", cards.card_return, name="card_return"),
    path("<str:number>/cartes/", cards.cards, name="cards"),
    path("<str:number>/cartes/preter/", cards.card_borrower, name="card_borrower"),
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
