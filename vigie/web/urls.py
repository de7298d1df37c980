from django.urls import path

from vigie.web import health, live, views

urlpatterns = [
    path("", views.home, name="home"),
    path("site/", views.site, name="site"),
    path("aide/", views.help_page, name="help"),
    path("recherche/", views.search, name="search"),
    path("live/jeton/", live.live_token, name="live-token"),
    path("health/live", health.alive, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.metrics, name="metrics"),
]
