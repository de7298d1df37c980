"""Jobs of errands."""

from typing import Final
from uuid import UUID

from procrastinate.contrib.django import app

from vigie.errands import actions
from vigie.foundation.jobs import Patience

_ATTEMPTS: Final = 20
"""More than an errand bears: the errand decides when it is given up."""


@app.task(name="errands.run", retry=Patience(attempts=_ATTEMPTS))
def run(errand_id: str, owner_id: str) -> None:
    actions.run(UUID(errand_id), UUID(owner_id))


@app.periodic(cron="5 * * * *")
@app.task(name="errands.forget_expired", queueing_lock="errands.forget_expired")
def forget_expired(timestamp: int) -> None:
    """Delete what is older than a day, and the personal data with it."""
    actions.forget_expired()
