"""Addresses of the operator’s console."""

from django.urls import URLPattern, path

from vigie.directory import platform_account_views as accounts
from vigie.directory import platform_administrator_views as administrators
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
    path("plateforme/sites/<uuid:site_id>/administrateurs/", administrators.appoint_page, name="platform_appoint"),
    path("plateforme/sites/<uuid:site_id>/administrateurs/inviter/", administrators.invite, name="platform_invite_administrator"),
    path("plateforme/administrateurs/<uuid:membership_id>/nommer/", administrators.appoint, name="platform_appoint_member"),
    path("plateforme/administrateurs/<uuid:membership_id>/retirer/", administrators.remove, name="platform_remove_administrator"),
    path("plateforme/comptes/", accounts.accounts, name="platform_accounts"),
    path("plateforme/comptes/<uuid:account_id>/", accounts.account, name="platform_account"),
    path("plateforme/comptes/<uuid:account_id>/adresse/", accounts.account_address, name="platform_account_address"),
    path("plateforme/comptes/<uuid:account_id>/activite/", accounts.account_activity, name="platform_account_activity"),
    path("plateforme/comptes/<uuid:account_id>/deblocage/", accounts.account_unlock, name="platform_account_unlock"),
]
