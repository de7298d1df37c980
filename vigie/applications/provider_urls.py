"""Addresses of the OpenID provider. allauth reverses some of them, under these names; its others do not exist here."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from vigie.applications import demonstration_views as demonstration
from vigie.applications import provider_views as views

_oidc = [
    path(".well-known/openid-configuration", views.configuration, name="configuration"),
    path("identite/autorisation", views.authorize, name="authorization"),
    path("identite/jetons", views.token, name="token"),
    path("identite/personne", views.userinfo, name="userinfo"),
    path("identite/revocation", views.revoke, name="revoke"),
    path("identite/cles", views.jwks, name="jwks"),
]
urlpatterns: list[URLPattern | URLResolver] = [path("", include(([path("", include((_oidc, "oidc")))], "idp")))]
if settings.VIGIE_DEVELOPMENT_PAGES:
    urlpatterns += [
        path("demonstration/application/", demonstration.enter, name="demonstration_application"),
        path("demonstration/application/retour/", demonstration.back, name="demonstration_application_back"),
    ]
