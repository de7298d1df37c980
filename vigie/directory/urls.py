"""Addresses under /administration/. The operator's come first: a site's number never hides them."""

from vigie.directory.console_urls import urlpatterns as console
from vigie.directory.governance_urls import urlpatterns as governance
from vigie.directory.platform_urls import urlpatterns as platform
from vigie.directory.register_urls import urlpatterns as register
from vigie.directory.support_urls import urlpatterns as support

app_name = "directory"
urlpatterns = [*platform, *governance, *register, *support, *console]
