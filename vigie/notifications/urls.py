"""Stopping mail by a link; in demonstration and test mode, the mailbox."""

from django.conf import settings
from django.urls import path

from vigie.notifications import choice_views, views

urlpatterns = [
    path("courriel/desabonner/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("compte/courriels/", choice_views.mail_choices, name="mail_choices"),
]
if settings.VIGIE_DEVELOPMENT_PAGES:
    urlpatterns += [
        path("courrier/", views.mailbox, name="mailbox"),
        path("courrier/<str:name>/", views.mail, name="mailbox-mail"),
        path("courrier/<str:name>/html/", views.mail_html, name="mailbox-html"),
        path("courrier/<str:name>/source/", views.mail_source, name="mailbox-source"),
    ]
