"""Every address of Vigie."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("compte/", include("vigie.directory.own_urls")),
    path("compte/", include("vigie.accounts.urls")),
    path("administration/", include("vigie.incidents.desk_urls")),
    path("administration/", include("vigie.applications.urls")),
    path("administration/", include("vigie.directory.urls")),
    path("journal/", include("vigie.directory.journal_urls")),
    path("invitation/", include("vigie.directory.invitation_urls")),
    path("scellement/", include("vigie.sealing.urls")),
    path("patients/", include("vigie.patients.urls")),
    path("incidents/", include("vigie.incidents.urls")),
    path("", include("vigie.applications.provider_urls")),
    path("", include("vigie.notifications.urls")),
    path("", include("vigie.web.urls")),
]
if settings.VIGIE_DEVELOPMENT_PAGES:
    urlpatterns += [path("kit/", include("vigie.ui.urls"))]

handler400 = "vigie.web.errors.bad_request"
handler403 = "vigie.web.errors.forbidden"
handler404 = "vigie.web.errors.not_found"
handler500 = "vigie.web.errors.server_error"
