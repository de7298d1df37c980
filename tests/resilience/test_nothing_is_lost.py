"""kill -9 of web, worker and database while incidents are filed: every acknowledged one is there once, and so is its mail.

`make resilience` files 500; the ordinary run fewer.
"""

import email
import email.policy
import os
import random
import re
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from tests.harness.demonstration import Demonstration, running_demonstration
from tests.harness.visitor import Form, Visitor
from vigie.config.supervised import MARK

INCIDENTS = int(os.environ.get("VIGIE_RESILIENCE_INCIDENTS", "60"))
INCIDENTS_PER_KILL = 5
PATIENCE_SECONDS = 120
"""How long one incident may take while things are being killed."""
DRAIN_SECONDS = 120 + INCIDENTS
"""How long the queue may take to send the mails afterwards: each incident makes several."""
SEED_ARGUMENTS = "--small"
TARGETS = ("web", "web process", "worker", "database", "connection")


@dataclass
class Filed:
    """What the portal acknowledged: the submission and the number of the page it led to."""

    subject: str
    submission: UUID
    number: str


@dataclass
class Killer:
    """Kills one process after another, shortly after it is told that work goes on."""

    demonstration: Demonstration
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)
    _order: list[str] = field(default_factory=list)

    def strike(self) -> None:
        """Kill the next target, at an instant that nobody chose."""
        if not self._order:
            self._order = self.chance.sample(TARGETS, len(TARGETS))
        target = self._order.pop()
        time.sleep(self.chance.uniform(0, 0.5))
        victims = self._victims(target)
        if victims:
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(victims), signal.SIGKILL)
                self.killed[target] += 1

    def _victims(self, target: str) -> list[int]:
        if target == "database":
            pid = self.demonstration.postgres.postmaster_pid()
            return [pid] if pid else []
        if target == "connection":
            pid = self.demonstration.postgres.postmaster_pid()
            return [child for child, title in _children(pid) if "vigie_app" in title] if pid else []
        command = "worker" if target == "worker" else "serve"
        ours = [pid for pid, line in _processes(str(self.demonstration.data_folder)) if line.endswith(f"vigie {command}")]
        leaders = [pid for pid in ours if _parent(pid) == self.demonstration.supervisor_pid]
        return [pid for pid in ours if pid not in leaders] if target == "web process" else leaders


@pytest.fixture(scope="module")
def demonstration() -> Iterator[Demonstration]:
    with running_demonstration(name="resilience", seed_arguments=SEED_ARGUMENTS) as running:
        yield running


@pytest.mark.xdist_group("demonstration")
def test_every_acknowledged_incident_is_there_once_and_its_mail_went_out_under_one_identifier(demonstration: Demonstration) -> None:
    visitor, account, form = _requester(demonstration)
    killer = Killer(demonstration, random.Random(20260))
    filed: list[Filed] = []
    subjects = iter([f"Essai de panne {number:04d}" for number in range(INCIDENTS)])
    lock, failures = threading.Lock(), list[BaseException]()

    def work() -> None:
        try:
            while (subject := _next(subjects, lock)) is not None:
                acknowledged = _file_until_acknowledged(visitor, form, subject)
                with lock:
                    filed.append(acknowledged)
        except BaseException as error:  # noqa: BLE001 - told by the main thread.
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    struck = 0
    while any(worker.is_alive() for worker in workers):
        if len(filed) >= (struck + 1) * INCIDENTS_PER_KILL:
            struck += 1
            killer.strike()
        time.sleep(0.02)
    assert not failures, failures
    assert len(filed) == INCIDENTS
    print(f"\n{INCIDENTS} incidents filed, killed: {dict(killer.killed)}")

    visitor.close()

    _assert_stored_once(demonstration, filed)
    _assert_mailed(demonstration, filed, account["email"])


def _requester(demonstration: Demonstration) -> tuple[Visitor, dict[str, str], Form]:
    """Sign in as the first person who may file an incident, and fill in the form."""
    for account in demonstration.accounts:
        visitor = Visitor(demonstration.base_url)
        visitor.sign_in(account)
        if visitor.http.get("/incidents/nouveau/").status_code != httpx.codes.OK:
            visitor.close()
            continue
        form = visitor.form("/incidents/nouveau/", containing="subject")
        for name in ("site", "solution"):
            # The form is drawn again after each choice: what may be chosen next depends on it.
            if form.choices.get(name):
                form.values[name] = form.choices[name][0]
                form = visitor.form_of(visitor.send(form, _refresh="1"), containing="subject")
        form.values |= {
            "priority": form.choices["priority"][-1],
            "description": "Panne provoquée pendant un essai.",
            "notify_requester": "on",
        }
        return visitor, account, form
    pytest.fail("No demonstration account may file an incident.")


def _file_until_acknowledged(visitor: Visitor, form: Form, subject: str) -> Filed:
    """Do as a patient person: send the same form again until the page of the incident comes."""
    submission = uuid4()
    deadline = time.monotonic() + PATIENCE_SECONDS
    answer = "nothing"
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            response = visitor.send(form, subject=subject, submission=str(submission))
            answer = f"{response.status_code} {response.headers.get('Location', '')}"
            if response.is_redirect and "/incidents/INC-" in response.headers["Location"]:
                return Filed(subject, submission, response.headers["Location"].rstrip("/").rpartition("/")[2])
            assert response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR, f"{subject}: {answer}\n{response.text[:2000]}"
        time.sleep(0.2)
    message = f"{subject} was not acknowledged in {PATIENCE_SECONDS} s; last answer: {answer}"
    raise AssertionError(message)


def _assert_stored_once(demonstration: Demonstration, filed: list[Filed]) -> None:
    question = "SELECT subject, number FROM incidents_incident WHERE subject LIKE 'Essai de panne %'"
    with _database(demonstration) as connection:
        stored = connection.execute(question).fetchall()
    assert sorted(stored) == sorted((incident.subject, incident.number) for incident in filed)


def _assert_mailed(demonstration: Demonstration, filed: list[Filed], requester: str) -> None:
    """Wait for the queue to catch up: jobs of killed workers are done again after a while."""
    numbers = {incident.number for incident in filed}
    # She may have chosen another of her addresses for these mails.
    person = requester.partition("@")[0]

    assert _until(lambda: not _waiting_jobs(demonstration), DRAIN_SECONDS), _queue(demonstration)
    received = _identifiers(demonstration.mail_folder, numbers)
    missing = numbers - {number for number, recipient in received if recipient.partition("@")[0] == person}
    assert not missing, f"No mail for {sorted(missing)}\n{_queue(demonstration)}"
    several = {pair: found for pair, found in received.items() if len(found) > 1}
    assert not several, f"One mail, several Message-IDs: {several}"


def _database(demonstration: Demonstration) -> psycopg.Connection:
    """Connect past row-level security, once the server has recovered: the last strike may be a moment ago."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return psycopg.connect(demonstration.postgres.url("vigie_maintenance"))
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _waiting_jobs(demonstration: Demonstration) -> int:
    """How many jobs about mails are still to be done, those of killed workers included."""
    question = "SELECT count(*) FROM procrastinate_jobs WHERE task_name IN ('incidents.notify', 'notifications.send')"
    with _database(demonstration) as connection:
        [count] = connection.execute(question + " AND status IN ('todo', 'doing')").fetchone() or [0]
    return int(count)


def _queue(demonstration: Demonstration) -> str:
    """What the jobs' queue holds, to understand a failure."""
    with _database(demonstration) as connection:
        jobs = connection.execute("SELECT task_name, status, attempts, scheduled_at, worker_id FROM procrastinate_jobs").fetchall()
        workers = connection.execute("SELECT id, now() - last_heartbeat FROM procrastinate_workers").fetchall()
    return "\n".join(map(str, [*jobs, *workers]))


def _identifiers(folder: Path, numbers: set[str]) -> dict[tuple[str, str], set[str]]:
    """Message-IDs of the mails that were received, by incident and recipient."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in [*(folder / "new").glob("*"), *(folder / "cur").glob("*")]:
        head = path.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")[0]
        message = email.message_from_bytes(head, policy=email.policy.default)
        about = re.search(r"\[(INC-\d{4}-\d+)\]", str(message["Subject"]))
        if about and about[1] in numbers:
            found[about[1], str(message["To"])].add(str(message["Message-ID"]))
    return found


def _next(subjects: Iterator[str], lock: threading.Lock) -> str | None:
    with lock:
        return next(subjects, None)


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.5)
    return False


def _processes(data_folder: str) -> list[tuple[int, str]]:
    """Numbers and command lines of the processes of a demonstration."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if f"{MARK}={data_folder}" in os.fsdecode((folder / "environ").read_bytes()).split("\0"):
                    line = os.fsdecode((folder / "cmdline").read_bytes()).replace("\0", " ").strip()
                    found.append((int(folder.name), line))
    return found


def _children(parent: int) -> list[tuple[int, str]]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if _parent(int(folder.name)) == parent:
                    found.append((int(folder.name), os.fsdecode((folder / "cmdline").read_bytes())))
    return found


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return 0
