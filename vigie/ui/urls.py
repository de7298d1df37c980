"""The living page of the kit; mounted in demonstration and test modes only."""

from django.urls import path

from vigie.ui import views

urlpatterns = [
    path("", views.kit, name="kit"),
    path("fragment/", views.kit_fragment, name="kit-fragment"),
    path("brouillon/", views.kit_draft, name="kit-draft"),
    path("connexion/", views.kit_sign_in, name="kit-sign-in"),
    path("erreur/<int:code>/", views.kit_error, name="kit-error"),
]
