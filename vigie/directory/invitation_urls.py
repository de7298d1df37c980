"""The address of links of invitation."""

from django.urls import path

from vigie.directory import invitation_views

urlpatterns = [path("<str:token>/", invitation_views.invitation, name="invitation")]
