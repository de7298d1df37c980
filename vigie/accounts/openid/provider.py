"""allauth's OpenID Connect provider, made strict.

allauth lets a visitor's query choose scopes and parameters, trusts TLS instead of the token's signature, and knows no
nonce. Here the request is made of the configuration alone, and the answer goes through `issuer`.
"""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from vigie.accounts.openid import issuer
from vigie.accounts.openid.configuration import OpenIDProvider


class StrictAdapter(OpenIDConnectOAuth2Adapter):
    """Where allauth asks for the provider's addresses."""

    def __init__(self, request: HttpRequest, configured: OpenIDProvider) -> None:
        super().__init__(request, configured.issuer)
        self.configured = configured

    @property
    def openid_config(self) -> dict[str, Any]:
        return issuer.discover(self.configured)

    def get_provider(self) -> "StrictProvider":
        return StrictProvider(self.request, self.configured)

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """From the configuration, not from the Host header."""
        return f"{settings.VIGIE_BASE_URL}{reverse('openid_callback', args=[self.configured.slug])}"


class StrictProvider(OpenIDConnectProvider):
    """One configured provider. Linked identities are stored under its issuer: (issuer, subject) names a person."""

    def __init__(self, request: HttpRequest, configured: OpenIDProvider) -> None:
        self.configured = configured
        super().__init__(
            request,
            app=SocialApp(
                provider=self.id,
                provider_id=configured.issuer,
                name=configured.name,
                client_id=configured.client_id,
                secret=configured.client_secret,
                settings={"server_url": configured.discovery_url, "token_auth_method": configured.token_auth_method},
            ),
        )

    def get_oauth2_adapter(self, request: HttpRequest) -> StrictAdapter:
        return StrictAdapter(request, self.configured)

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return self.get_scope()

    def get_scope(self) -> list[str]:
        return list(self.configured.scopes)

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:
        return self.get_auth_params()

    def get_auth_params(self) -> dict[str, str]:
        wanted = self.configured.required_acr
        return {"acr_values": wanted} if wanted else {}

    def get_pkce_params(self) -> dict[str, str]:
        return dict(generate_code_challenge())

    def address_of_request(self, request: HttpRequest, *, process: str, next_url: str, user_id: str = "") -> str:
        """Return the provider's page that asks the person to sign in, and keep in the session what its answer must match."""
        adapter = self.get_oauth2_adapter(request)
        client = adapter.get_client(request, self.app)
        proof = self.get_pkce_params()
        nonce = secrets.token_urlsafe(24)
        verifier = proof.pop("code_verifier")
        client.state = self.stash_redirect_state(
            request, process, next_url, state_id=secrets.token_urlsafe(24), nonce=nonce, pkce_code_verifier=verifier, user_id=user_id
        )
        return str(client.get_redirect_url(adapter.authorize_url, self.get_scope(), self.get_auth_params() | proof | {"nonce": nonce}))

    def claims_for(self, request: HttpRequest, state: Mapping[str, Any], code: str) -> dict[str, Any]:
        """Exchange the code, and return what the provider proves of the person.

        Raises:
            ProviderError: as `issuer` says.

        """
        adapter = self.get_oauth2_adapter(request)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": adapter.get_callback_url(request, self.app),
            "code_verifier": str(state["pkce_code_verifier"]),
        }
        # RFC 6749 § 2.3.1: both are encoded as in a form before they are joined.
        credentials: tuple[str, str] | None = (quote_plus(self.app.client_id), quote_plus(self.app.secret))
        if self.configured.token_auth_method == "client_secret_post":  # noqa: S105 - the name of a method.
            form |= {"client_id": self.app.client_id, "client_secret": self.app.secret}
            credentials = None
        answer = issuer.fetch(adapter.access_token_url, form=form, credentials=credentials)
        access, identity = answer.get("access_token"), answer.get("id_token")
        if not isinstance(access, str) or not isinstance(identity, str):
            raise issuer.TokenRefused("answer")
        claims = issuer.verified_claims(self.configured, identity, nonce=str(state["nonce"]), access_token=access)
        return issuer.about_person(self.configured, claims, access)
