"""Who wrote, from where: stated once a transaction, copied by the triggers into each history row.

django-pghistory states its context before every statement; ours is one transaction a request, so once is enough.
"""

import json
from uuid import UUID

from django.db import connection

from vigie.foundation.ids import uuid7


def state_author(*, route: str, user_id: UUID | None = None, name: str = "", request_id: str = "") -> None:
    """Say who writes in the transaction under way. `route` names a view or a job, never an address with its data."""
    metadata = {"route": route, "user": str(user_id or ""), "name": name, "request": request_id}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)",
            [str(uuid7()), json.dumps(metadata)],
        )
