"""What Vigie remembers of a session that it has vouched for: how it was opened, for whom, until when.

The protocol's own objects know none of it. With a code it waits in the cache, and is spent once; with tokens it stays in
their rows, from one refreshing to the next.
"""

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any, Final
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from allauth.idp.oidc import app_settings
from allauth.idp.oidc.models import Token
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from vigie.accounts.authentication import NETWORK, VOUCHED, is_over, is_strong
from vigie.accounts.models import User
from vigie.accounts.tokens import fingerprint

TWO_FACTORS: Final = "urn:vigie:acr:two-factors"
PLACE: Final = "urn:vigie:acr:password-and-place"
"""A trusted network stood in for the second factor: weaker, and said so."""
_SPENT_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's session, as an application is told of it."""

    user: UUID
    client: str
    acr: str
    amr: tuple[str, ...]
    auth_time: int
    session: str
    """Fingerprint of the session's key: its tokens die with it."""
    code: str
    """Fingerprint of the code that began it: all its tokens die if the code comes back."""
    given_at: float

    def is_over_for(self, user: User) -> bool:
        """Tell whether it ended: after a day's work, as sessions of Vigie itself do, or when she ended all that was open."""
        return self.auth_time + settings.SESSION_COOKIE_AGE < time.time() or is_over(user, self.given_at)

    def told(self) -> dict[str, Any]:
        return {"acr": self.acr, "amr": list(self.amr), "auth_time": self.auth_time}


def remember(request: HttpRequest, user: User, *, client: str, code: str) -> None:
    """Keep how this session was opened, for whoever brings the code."""
    records = get_authentication_records(request, user)
    strong = is_strong(request, user)
    grant = Grant(
        user=user.pk,
        client=client,
        acr=TWO_FACTORS if strong else PLACE,
        amr=_methods(records, strong=strong),
        auth_time=authenticated_at(request, user),
        session=fingerprint(request.session.session_key or ""),
        code=fingerprint(code),
        given_at=time.time(),
    )
    cache.set(_key("grant", grant.code), (grant, request.session.session_key), timeout=app_settings.AUTHORIZATION_CODE_EXPIRES_IN)


def authenticated_at(request: HttpRequest, user: User) -> int:
    """Return when she last proved who she is, in seconds since 1970."""
    return int(max((record.get("at", 0) for record in get_authentication_records(request, user)), default=0))


def spend(code: str) -> Grant | None:
    """Return what was kept with this code, to its first bearer only.

    When it comes back it was stolen, before or now: every token that it gave dies.
    """
    kept = fingerprint(code)
    if not cache.add(_key("spent", kept), value=True, timeout=_SPENT_SECONDS):
        Token.objects.filter(data__grant__code=kept).delete()
        return None
    found = cache.get(_key("grant", kept))
    cache.delete(_key("grant", kept))
    if not isinstance(found, tuple):
        return None
    grant, session_key = found
    # She may have left the session meanwhile.
    is_open = import_module(settings.SESSION_ENGINE).SessionStore().exists(session_key)
    return grant if is_open and isinstance(grant, Grant) else None


def of_token(kind: str, value: str) -> tuple[Token, Grant] | None:
    """Return a token in force and the grant that it carries."""
    token = Token.objects.select_related("client").lookup(kind, value)
    if token is None:
        return None
    try:
        stated = dict(token.data["grant"])
        grant = Grant(**stated | {"user": UUID(stated["user"]), "amr": tuple(stated["amr"])})
    except (KeyError, TypeError, ValueError):
        return None
    return token, grant


def keep(grant: Grant, values: Iterable[str]) -> None:
    """Write the grant into the rows of tokens that were just given."""
    data = {"grant": asdict(grant) | {"user": str(grant.user), "amr": list(grant.amr)}}
    for value in values:
        Token.objects.by_value(value).filter(client_id=grant.client).update(data=data)


def _methods(records: Iterable[dict[str, Any]], *, strong: bool) -> tuple[str, ...]:
    """Say the proofs in the words of RFC 8176, with « fed » and « network » for what it has no word for."""
    found: set[str] = {"mfa"} if strong else set()
    for record in records:
        method, kind = record.get("method"), record.get("type")
        if method == "password":
            found.add("pwd")
        elif method == "mfa" and kind == "webauthn":
            found |= {"pop", "user"} if record.get("passwordless") else {"pop"}
        elif method == "mfa":
            found.add("otp")
        elif method == "code":
            found.add("mca")
        elif method == VOUCHED:
            found.add("fed")
        elif method == NETWORK and not strong:
            found.add("network")
    return tuple(sorted(found))


def _key(kind: str, code: str) -> str:
    return f"vigie.applications.{kind}[{code}]"
