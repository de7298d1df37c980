"""Fourteen days of an invitation, whatever the clocks and the workers do (ACC-11, ACC-12)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from vigie.accounts.models import User
from vigie.audit.models import Act
from vigie.directory import invitations, member_queries
from vigie.directory.member_queries import MemberFilters
from vigie.directory.models import Invitation, MemberStatus, Site
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.test_invitations import (
    Postbox,
    _no_limits_reached,
    accept,
    admin,
    follow,
    invited,
    is_dead,
    postbox,
    site,
    stored,
)
from vigie.foundation import scope
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

__all__ = ["_no_limits_reached", "admin", "postbox", "site"]
pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 5, 3, 22, 0, tzinfo=UTC)
"""Midnight in Paris, on a Monday."""
BEFORE_SPRING = datetime(2026, 3, 21, 1, 30, tzinfo=UTC)
"""2 h 30 in Paris, an hour that will not exist eight days later."""
BEFORE_AUTUMN = datetime(2026, 10, 17, 0, 30, tzinfo=UTC)
"""2 h 30 in Paris, an hour that will come twice eight days later."""


def kinds_sent(postbox: Postbox) -> list[str]:
    """« invitation », then the days of each reminder, in order."""
    return [mail["event"].rpartition(":")[2] if "reminder" in mail["event"] else "invitation" for mail in postbox.sent]


def spoken(text: str) -> str:
    return text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("start", [MIDNIGHT, MIDNIGHT - timedelta(seconds=1), BEFORE_SPRING, BEFORE_AUTUMN])
@pytest.mark.parametrize("every", [timedelta(minutes=615), timedelta(hours=23), timedelta(hours=25)])
def test_whenever_the_job_runs_each_reminder_goes_once_and_the_end_comes_once(
    admin: User, site: Site, postbox: Postbox, start: datetime, every: timedelta
) -> None:
    with time_machine.travel(start, tick=False) as clock:
        member = invited(admin, site)
        while timezone.now() < start + timedelta(days=16):
            clock.shift(every)
            follow()
            follow()
            due = [days for days in (3, 7, 12) if timezone.now() >= start + timedelta(days=days)]
            assert kinds_sent(postbox) == ["invitation", *map(str, due)]
        assert stored(member).status_at(timezone.now()) == MemberStatus.EXPIRED
        with as_maintenance():
            assert Act.objects.filter(code="invitation.expired").count() == 1
            assert Invitation.objects.get().ended_at == start + timedelta(days=14)


@pytest.mark.parametrize("late", [timedelta(hours=1), timedelta(days=1, hours=23)])
def test_a_job_that_is_late_reminds_all_the_same(admin: User, site: Site, postbox: Postbox, late: timedelta) -> None:
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        invited(admin, site)
        clock.shift(timedelta(days=3) + late)
        follow()
        assert kinds_sent(postbox) == ["invitation", "3"]


def test_after_two_days_a_reminder_is_no_longer_news(admin: User, site: Site, postbox: Postbox) -> None:
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        invited(admin, site)
        clock.shift(timedelta(days=5))
        follow()
        assert kinds_sent(postbox) == ["invitation"]
        clock.shift(timedelta(days=2))
        follow()
        assert kinds_sent(postbox) == ["invitation", "7"]


def test_a_job_that_slept_through_the_fourteen_days_only_ends(admin: User, site: Site, postbox: Postbox) -> None:
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        invited(admin, site)
        clock.shift(timedelta(days=40))
        follow()
        assert kinds_sent(postbox) == ["invitation"]
        with as_maintenance():
            # It ended when it ended, not when somebody noticed.
            assert Invitation.objects.get().ended_at == MIDNIGHT + timedelta(days=14)


def test_two_workers_that_found_the_same_reminder_send_it_once(admin: User, site: Site, postbox: Postbox) -> None:
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        invited(admin, site)
        clock.shift(timedelta(days=3))
        found = [invitations.due_reminders(timezone.now()) for _worker in range(2)]
        assert len(found[0]) == len(found[1]) == 1
        with scope.entered(Scope(site_ids=frozenset({site.id}))):
            sent = [invitations.remind(identifier, days, at=timezone.now()) for ((identifier, _site, days),) in found]
        assert sent == [True, False]
        assert kinds_sent(postbox) == ["invitation", "3"]


def test_two_workers_that_found_the_same_end_note_it_once(admin: User, site: Site, postbox: Postbox) -> None:
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        invited(admin, site)
        clock.shift(timedelta(days=14))
        found = [invitations.due_ends(timezone.now()) for _worker in range(2)]
        with scope.entered(Scope(site_ids=frozenset({site.id}))):
            assert [invitations.end_expired(identifier, at=timezone.now()) for ((identifier, _site),) in found] == [True, False]


def test_an_invitation_accepted_after_the_job_had_found_it_is_not_reminded(admin: User, site: Site, postbox: Postbox) -> None:
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        invited(admin, site)
        clock.shift(timedelta(days=3))
        ((identifier, _site, days),) = invitations.due_reminders(timezone.now())
        assert accept(postbox.token).status_code == 302
        with scope.entered(Scope(site_ids=frozenset({site.id}))):
            assert not invitations.remind(identifier, days, at=timezone.now())


def test_one_sent_again_starts_its_fourteen_days_again(admin: User, site: Site, postbox: Postbox) -> None:
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        member = invited(admin, site)
        clock.shift(timedelta(days=6))
        follow()
        with acting_as(admin) as actor:
            invitations.resend(actor, member.id)
        again = timezone.now()
        for _day in range(14):
            clock.shift(timedelta(days=1))
            follow()
        # Its own three reminders; none of the first one's.
        assert kinds_sent(postbox) == ["invitation", "invitation", "3", "7", "12"]
        assert stored(member).invitation_expires_at == again + timedelta(days=14)
        assert is_dead(postbox.token)


def test_an_expired_one_sent_again_opens_again(admin: User, site: Site, postbox: Postbox) -> None:
    with time_machine.travel(BEFORE_SPRING, tick=False) as clock:
        member = invited(admin, site)
        clock.shift(timedelta(days=20))
        follow()
        with acting_as(admin) as actor:
            invitations.resend(actor, member.id)
        assert accept(postbox.token).status_code == 302
        assert stored(member).status_at(timezone.now()) == MemberStatus.ACCEPTED


@pytest.mark.parametrize(
    ("start", "zone", "said"),
    [
        (BEFORE_SPRING, "Europe/Paris", "4 avril 2026 à 03:30"),
        (BEFORE_AUTUMN, "Europe/Paris", "31 octobre 2026 à 01:30"),
        (MIDNIGHT, "Europe/Paris", "18 mai 2026 à 00:00"),
        (MIDNIGHT, "Indian/Reunion", "18 mai 2026 à 02:00"),
        (MIDNIGHT, "America/Guadeloupe", "17 mai 2026 à 18:00"),
    ],
)
def test_the_end_is_written_on_the_clock_of_the_site(
    admin: User, site: Site, postbox: Postbox, start: datetime, zone: str, said: str
) -> None:
    with as_maintenance():
        Site.objects.filter(pk=site.pk).update(time_zone=zone)
    with time_machine.travel(start, tick=False) as clock:
        invited(admin, site)
        clock.shift(timedelta(days=12))
        follow()
    # The reminder says the same end as the invitation.
    assert all(said in spoken(mail["text"]) for mail in postbox.sent)
    assert len(postbox.sent) == 2


@pytest.mark.parametrize("start", [MIDNIGHT, BEFORE_SPRING, BEFORE_AUTUMN])
def test_filters_of_the_list_and_the_record_change_their_mind_at_the_same_second(
    admin: User, site: Site, postbox: Postbox, start: datetime
) -> None:
    with time_machine.travel(start, tick=False) as clock:
        member = invited(admin, site)
        for shift, status in ((timedelta(days=14, seconds=-1), MemberStatus.INVITED), (timedelta(seconds=1), MemberStatus.EXPIRED)):
            clock.shift(shift)
            assert stored(member).status_at(timezone.now()) == status
            with acting_as(admin):
                listed = member_queries.listed_members(site, MemberFilters(status=status)).values_list("id", flat=True)
                assert list(listed) == [member.id]


def test_many_due_at_once_are_each_reminded_once_in_two_runs(admin: User, site: Site, postbox: Postbox) -> None:
    """Those that an import invited share their second."""
    people: list[Any] = [invitations.Invitee(f"p{n}@val.example", "Inès", f"Roy{n}", "", ["user"]) for n in range(30)]
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        with acting_as(admin) as actor:
            invitations.invite_many(actor, site_id=site.id, invitees=people)
        clock.shift(timedelta(days=3))
        follow()
        follow()
    assert kinds_sent(postbox).count("3") == 30
    assert len({mail["address"] for mail in postbox.sent}) == 30


def test_a_site_out_of_service_reminds_nobody(admin: User, site: Site, postbox: Postbox) -> None:
    with time_machine.travel(MIDNIGHT, tick=False) as clock:
        invited(admin, site)
        with as_maintenance():
            Site.objects.filter(pk=site.pk).update(is_active=False)
        clock.shift(timedelta(days=3))
        follow()
    assert kinds_sent(postbox) == ["invitation"]
