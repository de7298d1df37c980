"""The end of what Vigie has vouched for to the territory's other applications: a token dies with the session that gave it."""

import hashlib
from uuid import UUID

from allauth.idp.oidc.models import Token


def fingerprint(secret: str) -> str:
    """Return what tells a session or a code from another one without being of any use."""
    return hashlib.sha256(secret.encode()).hexdigest()


def end_tokens(user_id: UUID, *, but: str | None = None) -> None:
    """End all tokens of a person, save those of the session with this key."""
    tokens = Token.objects.filter(user_id=user_id)
    if but is not None:
        tokens = tokens.exclude(data__grant__session=fingerprint(but))
    tokens.delete()


def end_tokens_of_session(user_id: UUID, session_key: str) -> None:
    Token.objects.filter(user_id=user_id, data__grant__session=fingerprint(session_key)).delete()
