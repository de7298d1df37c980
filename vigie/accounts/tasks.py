"""Jobs about accounts."""

from procrastinate.contrib.django import app

from vigie.accounts import actions


@app.periodic(cron="*/30 * * * *")
@app.task(name="accounts.delete_ended_sessions", queueing_lock="accounts.delete_ended_sessions")
def delete_ended_sessions(timestamp: int) -> None:
    actions.delete_ended_sessions()
