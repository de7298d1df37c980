"""What somebody is typing, kept on the server: encrypted, hers alone, gone when sent or after seven days (CON-2).

Secrets are taken out of it as out of what is sent (CON-8).
"""

import json
from datetime import datetime, timedelta
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from vigie.confidentiality.secrets import remove_secrets
from vigie.directory.actors import Actor
from vigie.foundation.encryption import Unreadable, decrypt, encrypt
from vigie.foundation.errors import Invalid
from vigie.foundation.rows import one_or_none
from vigie.incidents.models import Draft

LIFETIME = timedelta(days=7)
FILING = "file"
_LARGEST = 100_000
_DROPPED = frozenset({"submission", "seen", "revision", "_owner", "act"})


def key_of(incident_id: UUID) -> str:
    """Return the key of the draft of a message in an incident."""
    return f"incident:{incident_id}"


def keep_draft(actor: Actor, key: str, typed: QueryDict) -> None:
    """Replace the draft of one form by what is typed in it now; a form emptied has no draft."""
    fields = {name: [remove_secrets(value) for value in values] for name, values in typed.lists() if name not in _DROPPED and any(values)}
    clear = json.dumps(fields).encode()
    if len(clear) > _LARGEST:
        raise Invalid({"body": _("Vingt mille caractères au plus. Joignez le reste dans un fichier.")})
    if not fields:
        forget_draft(actor, key)
        return
    sealed = encrypt(clear, purpose="drafts", context=f"{actor.id}:{key}")
    Draft.objects.update_or_create(user_id=actor.id, key=key, defaults={"sealed": sealed})


def draft_of(actor: Actor, key: str) -> tuple[QueryDict, datetime] | None:
    """Return what was typed in a form and not sent, and when."""
    draft = one_or_none(Draft.objects.filter(user=actor.id, key=key))
    if draft is None:
        return None
    try:
        fields = json.loads(decrypt(bytes(draft.sealed), purpose="drafts", context=f"{actor.id}:{key}"))
    except Unreadable:
        return None
    typed = QueryDict(mutable=True)
    for name, values in fields.items():
        typed.setlist(name, values)
    return typed, draft.updated_at


def forget_draft(actor: Actor, key: str) -> None:
    """Throw a draft away."""
    Draft.objects.filter(user=actor.id, key=key).delete()
