"""The application of the demonstration: believable, and never a dead tile."""

from typing import Any

import pytest
from allauth.idp.oidc.models import Client as RegisteredClient
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from vigie.accounts.tests.signing_in import signed_in_client
from vigie.applications import demonstration
from vigie.applications.models import Application
from vigie.applications.provider import issuer
from vigie.directory.models import Site
from vigie.directory.tests import factories as directory
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


def rows(site: Site) -> list[Model]:
    return demonstration.rows([site], name="Annuaire des gardes", text="Qui est de garde.", now=timezone.now())


def test_tile_leads_through_the_sign_in_and_back() -> None:
    with as_maintenance():
        site = directory.SiteFactory.create()
        for row in rows(site):
            row.save(force_insert=True)
        person = directory.member(site)
    browser = signed_in_client(person)
    assert "Annuaire des gardes" in browser.get("/").content.decode()
    sent = browser.get("/demonstration/application/")
    back = browser.get(sent["Location"])
    assert back["Location"].startswith(f"{issuer()}/demonstration/application/retour/?")
    assert "code=" in back["Location"]


def test_tile_follows_the_address_of_the_demonstration(settings: Any) -> None:
    with as_maintenance():
        for row in demonstration.rows(
            [directory.SiteFactory.create()], name="Annuaire des gardes", text="Qui est de garde.", now=timezone.now()
        ):
            row.save(force_insert=True)
        settings.VIGIE_BASE_URL = "http://localhost:4321"
        demonstration.follow_address(using="default")
        application = Application.objects.get()
        assert application.address == "http://localhost:4321/demonstration/application/"
        assert RegisteredClient.objects.get().get_redirect_uris() == application.redirect_addresses


def test_answer_that_nobody_waited_for_says_nothing() -> None:
    page = Client().get("/demonstration/application/retour/?code=x&state=y")
    assert "invalid_grant" in page.content.decode()
