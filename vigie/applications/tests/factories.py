"""Applications for tests. To be used inside `as_maintenance()`."""

from functools import cache
from typing import Any

import factory
from allauth.idp.oidc.models import Client
from django.utils import timezone
from factory.django import DjangoModelFactory

from vigie.applications import actions, keys
from vigie.applications.models import Application, ApplicationSite, ClaimScope, SigningKey
from vigie.directory.models import Site

SECRET = "a secret that only tests know"
BACK = "https://planning.example/retour?pied=de-page"


@cache
def _sealed_key() -> str:
    """Make one key for all tests of the process: it takes long."""
    return keys.sealed_key()


class ApplicationFactory(DjangoModelFactory[Application]):
    """An application in service, with its client; `serves=[site]` opens it to sites, else it serves all."""

    class Meta:
        model = Application
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Application {n}")
    text = "Les tours de garde du territoire."
    address = "https://planning.example/"
    redirect_addresses = factory.LazyFunction(lambda: [BACK])
    scopes = factory.LazyFunction(lambda: list(ClaimScope.values))
    serves_all = False
    is_trusted = True
    client_id = factory.Sequence(lambda n: f"client-{n}")
    created_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def serves(self: Application, create: bool, extracted: list[Site] | None, **kwargs: Any) -> None:  # noqa: FBT001
        if not create:
            return
        SigningKey.objects.get_or_create(sealed=_sealed_key(), defaults={"made_at": timezone.now(), "signs_from": timezone.now()})
        if extracted is None:
            self.serves_all = True
            self.save()
        for site in extracted or ():
            ApplicationSite.objects.create(application=self, site=site)
        client = Client(id=self.client_id)
        client.set_secret(SECRET)
        actions.describe(client, self)
        client.save(force_insert=True)
