"""Addresses of one's own account that the directory answers."""

from django.urls import path

from vigie.directory import own_access_views

urlpatterns = [path("acces/", own_access_views.own_access, name="own_access")]
