from django.urls import path

from vigie.web import errand_views, health, live, personal_data_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("site/", views.site, name="site"),
    path("aide/", views.help_page, name="help"),
    path("recherche/", views.search, name="search"),
    path("compte/mes-donnees/", personal_data_views.my_data, name="my_data"),
    path("travaux/", errand_views.errands, name="errands"),
    path("travaux/<uuid:errand_id>/", errand_views.errand, name="errand"),
    path("travaux/<uuid:errand_id>/rapport/", errand_views.errand_report, name="errand_report"),
    path("travaux/<uuid:errand_id>/fichier/", errand_views.errand_file, name="errand_file"),
    path("live/jeton/", live.live_token, name="live-token"),
    path("health/live", health.alive, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.metrics, name="metrics"),
]
