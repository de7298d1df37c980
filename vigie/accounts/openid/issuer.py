"""Talking to an identity provider, and believing of its answers what they prove.

Every answer is bounded in time and size, no redirection is followed, and no address of the discovery document is used
unless it is as safe as the issuer's own.
"""

import json
import time
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final

import jwt
import requests
from django.core.cache import cache
from jwt.algorithms import get_default_algorithms
from jwt.utils import base64url_encode

from vigie.accounts.openid.configuration import OpenIDProvider, is_safe_address

_TIMEOUT: Final = (3.05, 5)
"""Seconds to connect, and between two bytes."""
_DEADLINE: Final = 8
"""Seconds for a whole answer: one that drips must not hold a thread."""
_LARGEST: Final = 256 * 1024
_DISCOVERY_SECONDS: Final = 600
_DOWN: Final = "down"
_DOWN_SECONDS: Final = 15
_CLOCKS: Final = 30
"""Seconds that the provider's clock may differ from ours."""
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a public key only: `none` and shared secrets are refused."""
_REQUIRED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderError(Exception):
    """The provider's answer cannot be used. `reason` is a code for the log and the choice of the page, never personal."""

    reason = "refused"

    def __init__(self, reason: str = "") -> None:
        self.reason = reason or self.reason
        super().__init__(self.reason)


class ProviderUnavailable(ProviderError):
    """It did not answer, or not in time."""

    reason = "unavailable"


class TokenRefused(ProviderError):
    """The identity token, or what comes with it, does not prove what it must."""


class LevelTooWeak(ProviderError):
    """The person signed in there with less than we ask for."""

    reason = "weak"


def discover(provider: OpenIDProvider) -> dict[str, Any]:
    """Return the provider's description of itself, at most ten minutes old.

    Raises:
        ProviderError: when it is not to be had, speaks for another issuer, or names an address without TLS.

    """
    key = f"openid-discovery:{provider.discovery_url}"
    found = cache.get(key)
    if found == _DOWN:
        raise ProviderUnavailable
    if not isinstance(found, dict):
        try:
            found = fetch(provider.discovery_url)
        except ProviderUnavailable:
            # A dead provider must not hold a thread for each person who tries.
            cache.set(key, _DOWN, _DOWN_SECONDS)
            raise
        cache.set(key, found, _DISCOVERY_SECONDS)
    if found.get("issuer") != provider.issuer:
        raise TokenRefused("discovery-issuer")
    may_be_plain = provider.issuer.startswith("http://")
    for name in (*_REQUIRED, "userinfo_endpoint"):
        address = found.get(name)
        if address is None and name not in _REQUIRED:
            continue
        if not isinstance(address, str) or not is_safe_address(address, may_be_plain=may_be_plain):
            raise TokenRefused("discovery-address")
    return found


def fetch(
    address: str,
    *,
    form: Mapping[str, str] | None = None,
    credentials: tuple[str, str] | None = None,
    bearer: str = "",
) -> dict[str, Any]:
    """Return the JSON object at this address; a POST when there is a form.

    Raises:
        ProviderUnavailable: no answer, too slow, too long, or the provider's own failure.
        TokenRefused: it says no, or something that is not a JSON object.

    """
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    deadline = time.monotonic() + _DEADLINE
    try:
        with requests.request(
            "GET" if form is None else "POST",
            address,
            data=form,
            auth=credentials,
            headers=headers,
            timeout=_TIMEOUT,
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = b""
            for part in answer.iter_content(16 * 1024):
                body += part
                if len(body) > _LARGEST or time.monotonic() > deadline:
                    raise ProviderUnavailable
            status = answer.status_code
    except requests.RequestException as error:
        raise ProviderUnavailable from error
    if status >= 500:
        raise ProviderUnavailable
    if status != 200:
        raise TokenRefused("answer")
    try:
        found = json.loads(body)
    except ValueError as error:
        raise TokenRefused("answer") from error
    if not isinstance(found, dict):
        raise TokenRefused("answer")
    return found


def verified_claims(provider: OpenIDProvider, token: str, *, nonce: str, access_token: str) -> dict[str, Any]:
    """Return what an identity token says, once everything that makes it ours, new and strong enough is checked.

    Raises:
        TokenRefused: signature, issuer, audience, dates or nonce are not what they must be.
        LevelTooWeak: all is well, but the person signed in with less than `required_acr`.

    """
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in _ALGORITHMS:
            raise TokenRefused("algorithm")
        claims: dict[str, Any] = jwt.decode(
            token,
            key=_signing_key(provider, header),
            algorithms=[header["alg"]],
            issuer=provider.issuer,
            audience=provider.client_id,
            leeway=_CLOCKS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except jwt.PyJWTError as error:
        raise TokenRefused(type(error).__name__) from error
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") is None:
        raise TokenRefused("azp")
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise TokenRefused("azp")
    if not compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise TokenRefused("nonce")
    if "at_hash" in claims and not compare_digest(str(claims["at_hash"]).encode(), _hash_of(access_token, header["alg"])):
        raise TokenRefused("at_hash")
    if not claims["sub"] or len(claims["sub"]) > 191:
        raise TokenRefused("sub")
    if provider.required_acr is not None and not provider.reaches(claims.get("acr"), provider.required_acr):
        raise LevelTooWeak
    return claims


def about_person(provider: OpenIDProvider, claims: Mapping[str, Any], access_token: str) -> dict[str, Any]:
    """Return the claims completed by those of the userinfo endpoint, which may not speak of somebody else.

    What the signed token says wins.
    """
    address = discover(provider).get("userinfo_endpoint")
    if address is None:
        return dict(claims)
    told = fetch(address, bearer=access_token)
    if told.get("sub") != claims["sub"]:
        raise TokenRefused("userinfo-sub")
    return {**told, **claims}


def _signing_key(provider: OpenIDProvider, header: Mapping[str, Any]) -> Any:
    """Return the issuer's public key that the token names. Keys are read anew each time: they are changed in an emergency."""
    keys = fetch(discover(provider)["jwks_uri"]).get("keys")
    usable = [
        key
        for key in (keys if isinstance(keys, list) else [])
        if isinstance(key, dict) and key.get("use", "sig") == "sig" and key.get("alg", header["alg"]) == header["alg"]
    ]
    named = [key for key in usable if key.get("kid") == header["kid"]] if "kid" in header else usable
    if len(named) != 1:
        raise TokenRefused("key")
    try:
        return get_default_algorithms()[header["alg"]].from_jwk(named[0])
    except (jwt.PyJWTError, ValueError, KeyError) as error:
        raise TokenRefused("key") from error


def _hash_of(access_token: str, algorithm: str) -> bytes:
    digest = get_default_algorithms()[algorithm].compute_hash_digest(access_token.encode())
    return base64url_encode(digest[: len(digest) // 2])
