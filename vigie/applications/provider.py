"""What allauth's OpenID provider asks of Vigie: who it is, what it signs with, what it says of people."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.internal.private_keys import filter_keys
from allauth.idp.oidc.models import Client, PrivateKey
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from vigie.accounts.models import User
from vigie.applications.claims import claims_of
from vigie.applications.grants import Grant
from vigie.applications.keys import published_keys
from vigie.applications.models import Application
from vigie.directory.actors import Actor

_SERVED: Final = "vigie_served"


@dataclass(frozen=True, slots=True)
class Served:
    """Whom this request of an application is about: she was found active, and a member of a site that it serves."""

    actor: Actor
    application: Application
    grant: Grant


def serve(request: HttpRequest, served: Served) -> None:
    """Note on the request what the answer is to say. Without it nothing is said of anybody."""
    setattr(request, _SERVED, served)


class Provider(DefaultOIDCAdapter):
    def get_issuer(self) -> str:
        """One name, whatever host header came."""
        return issuer()

    def generate_client_secret(self) -> str:
        return secrets.token_urlsafe(32)

    def list_private_keys(self, *, did_activate: Literal[True] | None = None, is_active: Literal[True] | None = None) -> list[PrivateKey]:
        return list(filter_keys(published_keys(), did_activate=did_activate, is_active=is_active))

    def get_claims(
        self,
        purpose: Literal["id_token", "userinfo"],
        user: User,
        client: Client,
        scopes: Iterable[str],
        email: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """The ID token says how she signed in, and nothing of her: applications put ID tokens in addresses (`id_token_hint`)."""
        served: Served = getattr(self.request, _SERVED)
        said = {"sub": self.get_user_sub(client, user)}
        if purpose == "id_token":
            return said | served.grant.told()
        return said | claims_of(served.actor, served.application, frozenset(scopes))

    def validate_resource_uris(self, *, uris: list[str], **kwargs: Any) -> None:
        """Tokens are for Vigie's own page of claims only."""
        if uris:
            raise ValidationError("Unknown resource.")


def issuer() -> str:
    return str(settings.VIGIE_BASE_URL).rstrip("/")
