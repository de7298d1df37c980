"""Jobs on files."""

from uuid import UUID

from procrastinate.contrib.django import app

from vigie.attachments import actions
from vigie.foundation.jobs import Patience


@app.task(name="attachments.scan", retry=Patience(attempts=130))
def scan(attachment_id: str, desk_id: str) -> None:
    actions.scan_file(attachment_id=UUID(attachment_id), desk_id=UUID(desk_id))


@app.periodic(cron="40 3 * * *")
@app.task(name="attachments.remove_orphans", queueing_lock="attachments.remove_orphans")
def remove_orphans(timestamp: int) -> None:
    actions.remove_orphans()
