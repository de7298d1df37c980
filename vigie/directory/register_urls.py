"""Addresses of the registers of a site (services, practitioners, features), and of the operator's catalogue of features."""

from django.urls import URLPattern, path

from vigie.directory import feature_views as features
from vigie.directory import practitioner_views as practitioners
from vigie.directory import service_views as services

urlpatterns: list[URLPattern] = [
    path("services/<uuid:service_id>/", services.service, name="service"),
    path("services/<uuid:service_id>/nom/", services.service_rename, name="service_rename"),
    path("services/<uuid:service_id>/supprimer/", services.service_delete, name="service_delete"),
    path("services/<uuid:service_id>/personnes/ajouter/", services.service_people_add, name="service_people_add"),
    path("services/<uuid:service_id>/personnes/retirer/", services.service_people_remove, name="service_people_remove"),
    path("<str:number>/services/", services.services, name="services"),
    path("<str:number>/services/ajouter/", services.service_add, name="service_add"),
    path("medecins/<uuid:practitioner_id>/", practitioners.practitioner, name="practitioner"),
    path("medecins/<uuid:practitioner_id>/identite/", practitioners.practitioner_edit, name="practitioner_edit"),
    path("medecins/<uuid:practitioner_id>/exercice/", practitioners.practitioner_activity, name="practitioner_activity"),
    path("medecins/<uuid:practitioner_id>/fonctionnalites/", practitioners.practitioner_features, name="practitioner_features"),
    path("medecins/<uuid:practitioner_id>/supprimer/", practitioners.practitioner_delete, name="practitioner_delete"),
    path("<str:number>/medecins/", practitioners.practitioners, name="practitioners"),
    path("<str:number>/medecins/ajouter/", practitioners.practitioner_add, name="practitioner_add"),
    path("utilisateurs/<uuid:membership_id>/medecins/ajouter/", practitioners.identities_add, name="identities_add"),
    path("utilisateurs/<uuid:membership_id>/medecins/retirer/", practitioners.identities_remove, name="identities_remove"),
    path("plateforme/fonctionnalites/", features.catalogue, name="catalogue"),
    path("plateforme/fonctionnalites/definir/", features.feature_add, name="feature_add"),
    path("plateforme/fonctionnalites/<slug:code>/modifier/", features.feature_edit, name="feature_edit"),
    path("plateforme/fonctionnalites/<slug:code>/supprimer/", features.feature_delete, name="feature_delete"),
    path("<str:number>/fonctionnalites/", features.features, name="features"),
    path("<str:number>/fonctionnalites/<slug:code>/services/", features.feature_services, name="feature_services"),
    path("<str:number>/fonctionnalites/<slug:code>/ouvrir/", features.feature_open, name="feature_open"),
    path("<str:number>/fonctionnalites/<slug:code>/retirer/", features.feature_withdraw, name="feature_withdraw"),
]
