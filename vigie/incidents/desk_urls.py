"""Addresses of the pages that configure desks, under /administration/."""

from django.urls import path

from vigie.incidents import desk_views as views

app_name = "desks"
urlpatterns = [
    path("plateforme/guichets/", views.platform, name="platform"),
    path("plateforme/guichets/ouvrir/", views.opening, name="open"),
    path("guichets/<slug:slug>/", views.desk, name="desk"),
    path("guichets/<slug:slug>/<slug:part>/", views.part, name="part"),
    path("guichets/<slug:slug>/<slug:part>/<uuid:item_id>/", views.part, name="item"),
    path("guichets/<slug:slug>/priorite/<uuid:item_id>/retirer/", views.remove_priority, name="remove_priority"),
    path("guichets/<slug:slug>/priorite/<uuid:item_id>/deplacer/", views.move_priority, name="move_priority"),
    path("<str:number>/guichets/", views.of_site, name="site"),
]
