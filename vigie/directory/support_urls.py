"""Addresses of support sites: the grants that a site gives, and those that a support site uses."""

from django.urls import URLPattern, path

from vigie.directory import console_entrusted_views as using
from vigie.directory import console_support_views as giving

urlpatterns: list[URLPattern] = [
    path("delegations/<uuid:grant_id>/retirer/", giving.withdraw, name="support_withdraw"),
    path("delegations/<uuid:grant_id>/renouveler/", giving.renew, name="support_renew"),
    path("delegations/<uuid:grant_id>/termine/", using.work_done, name="support_work_done"),
    path("delegations/<uuid:grant_id>/bandeau/", using.banner, name="support_banner"),
    path("<str:number>/sites-de-support/", giving.support_sites, name="support_sites"),
    path("<str:number>/sites-de-support/ajouter/<str:support_number>/", giving.add, name="support_add"),
    path("<str:number>/sites-confies/", using.entrusted, name="support_entrusted"),
]
