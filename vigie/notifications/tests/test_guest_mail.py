"""Mail to people who may have no account, as invitations use it."""

from typing import Any

import pytest

from vigie.accounts.models import User
from vigie.directory import invitations
from vigie.directory.models import Membership, Role, Site
from vigie.directory.tests import factories
from vigie.directory.tests.acting import acting_as
from vigie.foundation import scope
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance, run_jobs
from vigie.notifications.actions import send_guest_mail
from vigie.notifications.models import OutgoingMail

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    with as_maintenance():
        created: Site = factories.SiteFactory.create(name="CH du Val")
    return created


@pytest.fixture
def admin(site: Site) -> User:
    with as_maintenance():
        return factories.member(site, Role.ADMIN, first_name="Claire", last_name="Bonnet")


def invited(admin: User, site: Site) -> Membership:
    with acting_as(admin) as actor:
        return invitations.invite(
            actor, site_id=site.id, email="ines@val.example", first_name="Inès", last_name="Roy", function="", roles=[Role.USER]
        )


def test_the_waiting_mail_is_encrypted_and_nobody_reads_it(admin: User, site: Site) -> None:
    member = invited(admin, site)
    with acting_as(admin):
        assert not OutgoingMail.objects.exists()
    with as_maintenance():
        mail = OutgoingMail.objects.get()
    assert (mail.recipient_id, mail.guest_id, mail.is_sealed) == (None, member.id, True)
    assert "/invitation/" not in mail.text + mail.html + mail.subject


def test_the_mail_leaves_and_its_text_is_forgotten(admin: User, site: Site, mailoutbox: list[Any]) -> None:
    invited(admin, site)
    run_jobs()
    (message,) = mailoutbox
    assert message.to == ["ines@val.example"]
    assert "Claire Bonnet vous invite à rejoindre CH du Val" in message.body
    with as_maintenance():
        assert OutgoingMail.objects.get().text == ""


def test_a_guest_mail_is_sent_once_an_event(admin: User, site: Site) -> None:
    member = invited(admin, site)
    with scope.entered(Scope()):
        same: dict[str, Any] = {
            "guest_id": member.id,
            "address": member.email,
            "event": "invitation.reminder:x:3",
            "subject": "S",
            "text": "T",
        }
        assert [send_guest_mail(**same), send_guest_mail(**same)] == [True, False]
