"""Sessions in the database, encrypted, ended by the server after a time without use or a time in all (ACC-4).

A session row lives until `expire_date`. Using the session moves it forward by the idle limit, never past the absolute
limit, which counts from the sign-in. An ended session is not found any more, whatever the cookie says.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from vigie.accounts import encryption

STARTED: str = "vigie_started"
"""Session key of the moment of sign-in, in seconds since 1970."""
TOUCH_SECONDS = 60
_PURPOSE = "session"


class SessionStore(DatabaseStore):
    """What a session holds (one-time codes among others) is unreadable in a copy of the database."""

    stored_expiry: datetime | None = None

    def encode(self, session_dict: dict[str, Any]) -> str:
        return encryption.seal(json.dumps(session_dict, cls=DjangoJSONEncoder), purpose=_PURPOSE)

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        try:
            content = json.loads(encryption.unseal(str(session_data), purpose=_PURPOSE))
        except (encryption.Unreadable, json.JSONDecodeError):
            return {}
        return content if isinstance(content, dict) else {}

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Return when the row dies if it is not used any more."""
        now = kwargs.get("modification") or timezone.now()
        idle = now + timedelta(seconds=settings.VIGIE_SESSION_IDLE_SECONDS)
        started = self.get(STARTED)
        if not isinstance(started, int | float):
            return idle
        return min(idle, datetime.fromtimestamp(started + settings.SESSION_COOKIE_AGE, tz=UTC))

    def start(self) -> None:
        """Begin to count towards the absolute limit."""
        self[STARTED] = time.time()

    def touch(self) -> bool:
        """Put off the idle limit; return False when that was done less than a minute ago.

        Only the date is written: what another request stores in the session meanwhile stays.
        """
        expiry = self.get_expiry_date()
        if self.stored_expiry is None or expiry - self.stored_expiry < timedelta(seconds=TOUCH_SECONDS):
            return False
        Session.objects.filter(session_key=self.session_key).update(expire_date=expiry)
        self.stored_expiry = expiry
        return True

    def _get_session_from_db(self) -> Session | None:
        session = super()._get_session_from_db()  # type: ignore[misc] # unknown to the stubs
        self.stored_expiry = session.expire_date if session is not None else None
        return session
