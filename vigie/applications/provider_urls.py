"""Addresses of the OpenID provider. allauth reverses some of them, under these names; its others do not exist here."""

from django.urls import include, path

from vigie.applications import provider_views as views

_oidc = [
    path(".well-known/openid-configuration", views.configuration, name="configuration"),
    path("identite/autorisation", views.authorize, name="authorization"),
    path("identite/jetons", views.token, name="token"),
    path("identite/personne", views.userinfo, name="userinfo"),
    path("identite/revocation", views.revoke, name="revoke"),
    path("identite/cles", views.jwks, name="jwks"),
]
urlpatterns = [path("", include(([path("", include((_oidc, "oidc")))], "idp")))]
