"""The life of an invitation: sent, reminded, expired, sent again, accepted once; and all the ways it must not be used."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.factories import PASSWORD, UserFactory
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory import invitations, tasks
from vigie.directory.models import Invitation, Membership, MemberStatus, Role, Site
from vigie.directory.tests import factories
from vigie.directory.tests.acting import acting_as
from vigie.foundation.errors import Invalid, NotAllowed, Unseen
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


class Postbox:
    """Mails given to the outbox for guests, in order."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def tokens(self) -> list[str]:
        return [re.search(r"/invitation/([\w-]+)/", mail["text"])[1] for mail in self.sent]  # type: ignore[index]

    @property
    def token(self) -> str:
        return self.tokens()[-1]


_postbox = Postbox()


def keep(**mail: Any) -> bool:
    _postbox.sent.append(mail)
    return True


@pytest.fixture
def postbox(settings: Any) -> Postbox:
    settings.VIGIE_GUEST_MAILER = f"{__name__}.keep"
    _postbox.sent.clear()
    return _postbox


@pytest.fixture(autouse=True)
def _no_limits_reached(db: None) -> None:
    cache.clear()


@pytest.fixture
def site() -> Site:
    with as_maintenance():
        created: Site = factories.SiteFactory.create(name="CH du Val")
    return created


@pytest.fixture
def admin(site: Site) -> User:
    with as_maintenance():
        return factories.member(site, Role.ADMIN, first_name="Claire", last_name="Bonnet")


def invited(admin: User, site: Site, email: str = "ines@val.example", roles: tuple[str, ...] = (Role.USER,), **fields: Any) -> Membership:
    stated = {"first_name": "Inès", "last_name": "Roy", "function": "Infirmière"} | fields
    with acting_as(admin) as actor:
        return invitations.invite(actor, site_id=site.id, email=email, roles=roles, **stated)


def stored(member: Membership) -> Membership:
    with as_maintenance():
        return Membership.objects.get(pk=member.pk)


def address_of(token: str) -> str:
    return reverse("invitation", args=[token])


def accept(token: str, client: Client | None = None) -> Any:
    return (client or Client()).post(address_of(token), {"password1": PASSWORD, "password2": PASSWORD})


def is_dead(token: str) -> bool:
    answers = [Client().get(address_of(token)), accept(token)]
    return [answer.status_code for answer in answers] == [404, 404] and all("plus valable" in a.content.decode() for a in answers)


# --- Inviting --------------------------------------------------------------------------------------------------------


def test_an_invitation_keeps_the_digest_of_its_token_only(admin: User, site: Site, postbox: Postbox) -> None:
    member = invited(admin, site, email="  Ines.Roy@VAL.example ")
    assert member.email == "ines.roy@val.example"
    assert member.status_at(timezone.now()) == MemberStatus.INVITED
    with as_maintenance(), connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(i)::text FROM directory_invitation i")
        (row,) = cursor.fetchone()
        assert Act.objects.filter(code="member.invited", site_id=site.id).count() == 1
    assert postbox.token not in row
    assert invitations.digest_of(postbox.token) in row


@pytest.mark.parametrize("again", ["ines@val.example", "INES@Val.Example", " ines@val.example", "ｉｎｅｓ@val.example"])
def test_an_address_is_invited_once_in_a_site_however_it_is_written(admin: User, site: Site, postbox: Postbox, again: str) -> None:
    invited(admin, site)
    with pytest.raises(invitations.AlreadyMember):
        invited(admin, site, email=again)
    assert len(postbox.sent) == 1


def test_a_disabled_member_is_to_be_reactivated(admin: User, site: Site, postbox: Postbox) -> None:
    member = invited(admin, site)
    with as_maintenance():
        Membership.objects.filter(pk=member.pk).update(is_active=False)
    with pytest.raises(invitations.AlreadyMemberDisabled):
        invited(admin, site)


def test_an_address_with_an_account_looks_like_any_other(admin: User, site: Site, postbox: Postbox) -> None:
    with as_maintenance():
        UserFactory(email="known@ailleurs.example")
    costs = []
    for email in ("warm@up.example", "unknown@ailleurs.example", "known@ailleurs.example"):
        with acting_as(admin) as actor, CaptureQueriesContext(connection) as queries:
            invitations.invite(actor, site_id=site.id, email=email, first_name="A", last_name="B", function="", roles=["user"])
        costs.append(len(queries))
    assert costs[1] == costs[2]
    texts = [re.sub(r"/invitation/\S+", "", mail["text"]) for mail in postbox.sent]
    assert texts[1] == texts[2]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
def test_the_operator_alone_appoints_administrators(admin: User, site: Site, postbox: Postbox, role: Role) -> None:
    with pytest.raises(NotAllowed):
        invited(admin, site, roles=(role,))
    with as_maintenance():
        operator = factories.member(factories.SiteFactory.create(), Role.OPERATOR)
    assert invited(operator, site, roles=(Role.ADMIN,)).roles == ["admin"]


def test_who_does_not_administer_the_site_does_not_invite(site: Site, postbox: Postbox) -> None:
    with as_maintenance():
        others = [factories.member(site), factories.member(factories.SiteFactory.create(), Role.ADMIN)]
    for other in others:
        with pytest.raises((NotAllowed, Unseen)):
            invited(other, site)


def test_a_service_of_another_site_is_refused_and_nothing_is_written(admin: User, site: Site, postbox: Postbox) -> None:
    with as_maintenance():
        foreign = factories.ServiceFactory.create()
    with pytest.raises(Invalid):
        invited(admin, site, service_ids=[foreign.id])
    with as_maintenance():
        assert not Membership.objects.filter(email="ines@val.example").exists()


@pytest.mark.parametrize(
    "wrong", [{"email": "pas une adresse"}, {"first_name": " "}, {"last_name": "x" * 81}, {"roles": ()}, {"roles": ("chef",)}]
)
def test_what_is_wrong_is_said_by_field(admin: User, site: Site, postbox: Postbox, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        invited(admin, site, **wrong)
    assert set(refusal.value.fields) == set(wrong)


# --- Accepting -------------------------------------------------------------------------------------------------------


def test_a_new_person_chooses_a_password_then_signs_in(admin: User, site: Site, postbox: Postbox) -> None:
    member = invited(admin, site)
    answer = accept(postbox.token)
    assert (answer.status_code, answer["Location"]) == (302, reverse("account_login"))
    member = stored(member)
    assert member.status_at(timezone.now()) == MemberStatus.ACCEPTED
    with as_maintenance():
        user = User.objects.get(email="ines@val.example")
        assert Act.objects.filter(code="invitation.accepted", actor_id=user.pk).exists()
    assert member.user_id == user.pk
    assert user.check_password(PASSWORD)
    assert is_dead(postbox.token)


def test_reading_the_page_changes_nothing(admin: User, site: Site, postbox: Postbox) -> None:
    """A filter of mail opens links, often several times."""
    member = invited(admin, site)
    with as_maintenance():
        before = list(Invitation.objects.values()), Membership.objects.values().get(pk=member.pk)
    for method in ("get", "head", "get"):
        assert getattr(Client(), method)(address_of(postbox.token)).status_code == 200
    with as_maintenance():
        assert (list(Invitation.objects.values()), Membership.objects.values().get(pk=member.pk)) == before


def test_the_address_of_the_page_leaves_with_no_link_and_stays_in_no_cache(admin: User, site: Site, postbox: Postbox) -> None:
    invited(admin, site)
    answer = Client().get(address_of(postbox.token))
    assert answer["Referrer-Policy"] == "strict-origin"
    assert "no-store" in answer["Cache-Control"]


def test_a_weak_password_leaves_the_link_alive(admin: User, site: Site, postbox: Postbox) -> None:
    invited(admin, site)
    weak = Client().post(address_of(postbox.token), {"password1": "ines roy ines", "password2": "ines roy ines"})
    different = Client().post(address_of(postbox.token), {"password1": PASSWORD, "password2": "autre chose"})
    assert (weak.status_code, different.status_code) == (422, 422)
    assert accept(postbox.token).status_code == 302


def test_somebody_with_an_account_confirms_with_two_factors(admin: User, site: Site, postbox: Postbox) -> None:
    with as_maintenance():
        ines = UserFactory(email="ines@val.example")
    member = invited(admin, site)
    page = Client().get(address_of(postbox.token)).content.decode()
    assert "vous avez déjà un compte" in page.casefold()
    # Neither a stranger, nor a password alone, nor a chosen password takes it.
    assert accept(postbox.token).status_code == 409
    assert accept(postbox.token, signed_in_client(admin)).status_code == 409
    assert accept(postbox.token, signed_in_client(ines, factors=False)).status_code == 409
    assert stored(member).accepted_at is None
    assert accept(postbox.token, signed_in_client(ines)).status_code == 302
    member = stored(member)
    assert member.user_id == ines.pk
    assert is_dead(postbox.token)


def test_a_link_is_dead_when_it_is_wrong_in_any_way(admin: User, site: Site, postbox: Postbox) -> None:
    invited(admin, site)
    token = postbox.token
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
    for wrong in (flipped, token[:-1], token + "A", token.swapcase(), "x", "0" * 5000, invitations.digest_of(token)):
        assert is_dead(wrong), wrong
    assert Client().get(address_of(token)).status_code == 200


def test_a_link_is_dead_once_replaced_or_withdrawn(admin: User, site: Site, postbox: Postbox) -> None:
    member = invited(admin, site)
    with acting_as(admin) as actor:
        invitations.resend(actor, member.id)
    first, second = postbox.tokens()
    assert first != second
    assert is_dead(first)
    with acting_as(admin) as actor:
        invitations.withdraw(actor, member.id)
    assert is_dead(second)
    assert invited(admin, site).email == "ines@val.example"


def test_a_link_is_bound_to_its_address_and_roles(admin: User, site: Site, postbox: Postbox) -> None:
    for change in ({"email": "autre@val.example"}, {"roles": ["admin"]}, {"is_active": False}):
        member = invited(admin, site, email=f"{next(iter(change))}@val.example")
        with as_maintenance():
            Membership.objects.filter(pk=member.pk).update(**change)
        assert is_dead(postbox.token), change


@pytest.mark.parametrize("loss", [{"roles": ["user"]}, {"is_active": False}])
def test_a_link_dies_with_the_rights_of_who_sent_it(admin: User, site: Site, postbox: Postbox, loss: dict[str, Any]) -> None:
    invited(admin, site)
    with as_maintenance():
        Membership.objects.filter(user=admin).update(**loss)
    assert is_dead(postbox.token)


def test_the_link_of_an_administrator_dies_with_the_rights_of_the_operator(site: Site, postbox: Postbox) -> None:
    with as_maintenance():
        operator = factories.member(site, Role.OPERATOR, Role.ADMIN)
    invited(operator, site, roles=(Role.ADMIN,))
    with as_maintenance():
        Membership.objects.filter(user=operator).update(roles=["admin"])
    assert is_dead(postbox.token)


def test_who_has_accepted_is_not_invited_again(admin: User, site: Site, postbox: Postbox) -> None:
    member = invited(admin, site)
    accept(postbox.token)
    for again in (invitations.resend, invitations.withdraw):
        with acting_as(admin) as actor, pytest.raises(invitations.NothingToAccept):
            again(actor, member.id)


def test_who_does_not_administer_neither_resends_nor_withdraws(admin: User, site: Site, postbox: Postbox) -> None:
    member = invited(admin, site)
    with as_maintenance():
        others = [factories.member(site), factories.member(factories.SiteFactory.create(), Role.ADMIN)]
    for other in others:
        for act in (invitations.resend, invitations.withdraw):
            with acting_as(other) as actor, pytest.raises((NotAllowed, Unseen)):
                act(actor, member.id)


# --- Time ------------------------------------------------------------------------------------------------------------

# Fourteen days that end after midnight, and across each change of hour in Paris.
STARTS = [
    datetime(2026, 5, 4, 10, 0, tzinfo=UTC),
    datetime(2026, 5, 4, 21, 59, 30, tzinfo=UTC),
    datetime(2026, 3, 20, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 16, 0, 30, tzinfo=UTC),
]


def follow() -> None:
    tasks.follow_invitations(timestamp=0)


@pytest.mark.parametrize("start", STARTS)
def test_three_reminders_then_the_end_each_once(admin: User, site: Site, postbox: Postbox, start: datetime) -> None:
    with time_machine.travel(start, tick=False) as clock:
        member = invited(admin, site)
        for days in (3, 7, 12):
            clock.move_to(start + timedelta(days=days, seconds=-1))
            follow()
            assert len(postbox.sent) == {3: 1, 7: 2, 12: 3}[days], days
            clock.move_to(start + timedelta(days=days))
            follow()
            follow()
        events = [mail["event"].partition(":")[0] for mail in postbox.sent]
        assert events == ["invitation", *["invitation.reminder"] * 3]
        assert len(set(postbox.tokens())) == 4
        assert all(is_dead(token) for token in postbox.tokens()[:-1])
        clock.move_to(start + timedelta(days=14, seconds=-1))
        follow()
        assert stored(member).status_at(timezone.now()) == MemberStatus.INVITED
        assert Client().get(address_of(postbox.token)).status_code == 200
        clock.move_to(start + timedelta(days=14))
        assert stored(member).status_at(timezone.now()) == MemberStatus.EXPIRED
        assert is_dead(postbox.token)
        follow()
        follow()
        with as_maintenance():
            assert Act.objects.filter(code="invitation.expired").count() == 1
            assert Invitation.objects.get().ended_at == start + timedelta(days=14)
        with acting_as(admin) as actor:
            invitations.resend(actor, member.id)
        assert stored(member).status_at(timezone.now()) == MemberStatus.INVITED
        assert accept(postbox.token).status_code == 302
        clock.shift(timedelta(days=3))
        follow()
        assert len(postbox.sent) == 5


def test_a_worker_that_was_away_does_not_send_two_reminders_at_once(admin: User, site: Site, postbox: Postbox) -> None:
    with time_machine.travel(STARTS[0], tick=False) as clock:
        invited(admin, site)
        clock.shift(timedelta(days=7, hours=6))
        follow()
        assert len(postbox.sent) == 2


def test_a_reminder_whose_transaction_failed_goes_out_later(admin: User, site: Site, postbox: Postbox, settings: Any) -> None:
    with time_machine.travel(STARTS[0], tick=False) as clock:
        invited(admin, site)
        clock.shift(timedelta(days=3))
        settings.VIGIE_GUEST_MAILER = f"{__name__}.fail"
        with pytest.raises(RuntimeError):
            follow()
        settings.VIGIE_GUEST_MAILER = f"{__name__}.keep"
        assert Client().get(address_of(postbox.token)).status_code == 200
        follow()
        assert len(postbox.sent) == 2


def fail(**_: Any) -> bool:
    raise RuntimeError("the worker was killed")


def test_nobody_is_reminded_on_behalf_of_who_lost_her_rights(admin: User, site: Site, postbox: Postbox) -> None:
    with time_machine.travel(STARTS[0], tick=False) as clock:
        invited(admin, site)
        with as_maintenance():
            Membership.objects.filter(user=admin).update(roles=["user"])
        clock.shift(timedelta(days=3))
        follow()
        assert len(postbox.sent) == 1
