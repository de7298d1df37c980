"""Addresses of the console about applications, under /administration/."""

from django.urls import path

from vigie.applications import views

app_name = "applications"
urlpatterns = [
    path("plateforme/applications/", views.applications, name="list"),
    path("plateforme/applications/declarer/", views.register, name="register"),
    path("plateforme/applications/cle/", views.renew_key, name="renew_key"),
    path("plateforme/applications/<uuid:application_id>/", views.application, name="application"),
    path("plateforme/applications/<uuid:application_id>/service/", views.service, name="service"),
    path("plateforme/applications/<uuid:application_id>/secret/", views.secret, name="secret"),
]
