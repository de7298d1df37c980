"""What was typed in a form whose session had expired is given back after signing in again, or confirming who she is.

The form states its owner in a signed field. When it arrives signed out, its text is kept, encrypted, in the new
session; only the same person gets it back: another one who signs in on this workstation sees nothing of it.
"""

import base64
import json
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, QueryDict

from vigie.foundation.encryption import Unreadable, decrypt, encrypt

OWNER_FIELD = "_owner"
_SESSION_KEY = "kept_form"
_SALT = "vigie.kept-forms"
_OWNER_SECONDS = 30 * 24 * 3600
_LARGEST = 100_000
_DROPPED = frozenset({OWNER_FIELD, "csrfmiddlewaretoken"})


def owner_token(user_id: UUID) -> str:
    """Return the value of the form's owner field."""
    return signing.dumps(str(user_id), salt=_SALT)


def keep(request: HttpRequest, *, signed_in: UUID | None = None) -> bool:
    """Keep the text of this request for whoever is signed in, or for the owner that it states; False without one or when too long."""
    owner = str(signed_in) if signed_in is not None else _owner(request.POST.get(OWNER_FIELD, ""))
    fields = {name: values for name, values in request.POST.lists() if name not in _DROPPED}
    clear = json.dumps({"path": request.path, "fields": fields}).encode()
    if not owner or len(clear) > _LARGEST:
        return False
    sealed = encrypt(clear, purpose="kept-forms", context=owner)
    request.session[_SESSION_KEY] = base64.b64encode(sealed).decode()
    return True


def take(request: HttpRequest, owner: UUID, *, path: str = "") -> QueryDict | None:
    """Return, once, what this person had sent to this address, the request's own by default."""
    sealed = request.session.get(_SESSION_KEY)
    if not sealed:
        return None
    try:
        kept = json.loads(decrypt(base64.b64decode(sealed), purpose="kept-forms", context=str(owner)))
    except (Unreadable, ValueError):
        del request.session[_SESSION_KEY]
        return None
    if kept["path"] != (path or request.path):
        return None
    del request.session[_SESSION_KEY]
    typed = QueryDict(mutable=True)
    for name, values in kept["fields"].items():
        typed.setlist(name, values)
    return typed


def _owner(token: str) -> str:
    try:
        return str(signing.loads(token, salt=_SALT, max_age=_OWNER_SECONDS))
    except signing.BadSignature:
        return ""
