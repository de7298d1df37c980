"""The worker, in its own process: it sends, it does again, it stops when asked."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from vigie.accounts.models import User
from vigie.accounts.tests.factories import UserFactory
from vigie.foundation.testing import as_maintenance
from vigie.notifications import actions, demo_mailbox
from vigie.notifications.models import MailState, OutgoingMail

pytestmark = pytest.mark.django_db(transaction=True)

STOP_SECONDS = 10
Started = Callable[[int], "subprocess.Popen[bytes]"]


@pytest.fixture
def camille() -> User:
    with as_maintenance():
        user: User = UserFactory.create(email="camille@ch.example")
    return user


@pytest.fixture
def start_worker() -> Iterator[Started]:
    """Start workers whose mail server is at this port of this machine; kill those left at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start(mail_port: int) -> "subprocess.Popen[bytes]":
        variables = os.environ | {"VIGIE_SMTP_URL": f"smtp://127.0.0.1:{mail_port}"}
        worker = subprocess.Popen([sys.executable, "-m", "vigie", "worker"], env=variables, stdout=subprocess.DEVNULL)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.1)


def queue_one(person: User) -> None:
    actions.send_account_mail(recipient=person, event="essai:1", subject="Bonjour", text="Bonjour Camille")


def mail_state() -> tuple[str, int]:
    with as_maintenance():
        return OutgoingMail.objects.values_list("state", "attempts").get()


def test_a_worker_sends_what_was_deferred_and_leaves_no_job(camille: User, start_worker: Started, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = int(chosen.getsockname()[1])
    sink = subprocess.Popen([sys.executable, "-m", "vigie.notifications.demo_mailbox", "127.0.0.1", str(port), str(tmp_path)])
    try:
        worker = start_worker(port)
        queue_one(camille)
        wait_until(lambda: mail_state()[0] == MailState.SENT)
        assert len(demo_mailbox.newest(tmp_path, limit=5)) == 1
        wait_until(lambda: not ProcrastinateJob.objects.filter(task_name="notifications.send").exists())
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(STOP_SECONDS) == 0
    finally:
        sink.kill()
        sink.wait()


def test_a_mail_waits_while_its_server_is_away(camille: User, start_worker: Started) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = int(closed.getsockname()[1])
    worker = start_worker(port)
    queue_one(camille)
    wait_until(lambda: mail_state() == (MailState.WAITING, 1))
    wait_until(lambda: ProcrastinateJob.objects.filter(task_name="notifications.send", status="todo").exists())
    job = ProcrastinateJob.objects.get(task_name="notifications.send")
    assert job.scheduled_at is not None
    assert job.scheduled_at > timezone.now()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(STOP_SECONDS) == 0


def test_a_worker_stuck_in_a_silent_mail_server_still_stops(camille: User, start_worker: Started) -> None:
    connected = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def listen() -> None:
            connection, _address = silent.accept()
            connected.set()
            with connection:
                connection.settimeout(60)
                connection.recv(1)

        threading.Thread(target=listen, daemon=True).start()
        worker = start_worker(int(silent.getsockname()[1]))
        queue_one(camille)
        assert connected.wait(30)
        started = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        worker.wait(STOP_SECONDS)
        assert time.monotonic() - started < STOP_SECONDS
    wait_until(lambda: mail_state() == (MailState.WAITING, 0))
