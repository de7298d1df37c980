"""The diagram of a member's status, cell by cell: every status × every event (ACC-11).

A status is computed, never typed: each test brings a member to a status by what people do, lets one thing happen, and
reads the status again, both ways in which Vigie computes it.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from vigie.accounts import terms
from vigie.accounts.models import User
from vigie.accounts.tests.factories import PASSWORD
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory import invitations, member_actions, tasks
from vigie.directory.invitations import DeadLink, NothingToAccept
from vigie.directory.models import Invitation, Membership, MemberStatus, Role, Site
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import SiteFactory, member
from vigie.foundation import scope
from vigie.foundation.errors import DomainError
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db

INVITED, EXPIRED, ACCEPTED, ACTIVE, DISABLED = (
    MemberStatus.INVITED,
    MemberStatus.EXPIRED,
    MemberStatus.ACCEPTED,
    MemberStatus.ACTIVE,
    MemberStatus.DISABLED,
)
_letters: list[str] = []


def keep_letter(**letter: Any) -> bool:
    _letters.append(letter["text"])
    return True


class Story:
    """One member, from the invitation on."""

    def __init__(self, site: Site, adele: User) -> None:
        self.adele = adele
        with acting_as(adele) as actor:
            self.id = invitations.invite(
                actor, site_id=site.id, email="ines@val.example", first_name="Inès", last_name="Roy", function="", roles=[Role.USER]
            ).id

    @property
    def member(self) -> Membership:
        with as_maintenance():
            return Membership.objects.select_related("user").get(pk=self.id)

    @property
    def status(self) -> MemberStatus:
        with as_maintenance():
            annotated = Membership.objects.filter(pk=self.id).with_status().get().status  # type: ignore[attr-defined] # annotated
        computed = self.member.status_at(timezone.now())
        assert computed == annotated, "both rules say the same"
        return computed

    # --- Events ---
    def resend(self) -> None:
        with acting_as(self.adele) as actor:
            invitations.resend(actor, self.id)

    def accept(self) -> None:
        """Open the link of the last letter."""
        token = re.findall(r"/invitation/([\w-]+)/", _letters[-1])[-1]
        invitations.accept_as_new_person(token, password=PASSWORD, language="fr")

    def expire(self) -> None:
        """Let fifteen days pass over the invitation, and the job that ends it run."""
        past = timezone.now() - timedelta(days=1)
        with as_maintenance():
            Membership.objects.filter(pk=self.id).update(invitation_expires_at=past)
            Invitation.objects.filter(membership=self.id, ended_at=None).update(expires_at=past)
        tasks.follow_invitations(0)

    def deactivate(self) -> None:
        with acting_as(self.adele) as actor:
            member_actions.deactivate_member(actor, self.id)

    def reactivate(self) -> None:
        with acting_as(self.adele) as actor:
            member_actions.reactivate_member(actor, self.id)

    def sign_in(self) -> None:
        """Open a session of two factors and a page, without accepting anything: whoever has no account cannot."""
        user = self.member.user
        if user is None:
            with as_maintenance():
                assert not User.objects.filter(email="ines@val.example").exists()
            return
        client = signed_in_client(user)
        session = client.session
        del session[terms.SESSION_KEY]
        session.save()
        asked = client.get(reverse("accounts:profile"))
        assert asked.headers["Location"].startswith(reverse("accounts:terms"))
        client.get(asked.headers["Location"])

    def accept_terms(self) -> None:
        """Accept the terms in force in a session of two factors."""
        user = self.member.user
        if user is None:
            return
        request = RequestFactory().post("/")
        request.session = {}  # type: ignore[assignment] # what `let_in` writes to
        with scope.entered(Scope(user_id=user.id)):
            in_force = terms.terms_in_force()
            assert in_force is not None
            terms.accept(user, in_force, address=None)
            terms.let_in(request, user)


@pytest.fixture
def story(settings: Any, db: None) -> Story:
    settings.VIGIE_MAILER = settings.VIGIE_GUEST_MAILER = f"{__name__}.keep_letter"
    _letters.clear()
    cache.clear()
    with as_maintenance():
        site = SiteFactory.create()
        adele = member(site, Role.ADMIN)
    return Story(site, adele)


def _after(*events: str) -> Callable[[Story], None]:
    def happen(story: Story) -> None:
        for event in events:
            getattr(story, event)()

    return happen


# How a member comes to each status; there are three ways to be deactivated, which differ in what follows.
ORIGINS: dict[str, tuple[MemberStatus, Callable[[Story], None]]] = {
    "invited": (INVITED, _after()),
    "expired": (EXPIRED, _after("expire")),
    "accepted": (ACCEPTED, _after("accept")),
    "active": (ACTIVE, _after("accept", "accept_terms")),
    "disabled while invited": (DISABLED, _after("deactivate")),
    "disabled while accepted": (DISABLED, _after("accept", "deactivate")),
    "disabled while active": (DISABLED, _after("accept", "accept_terms", "deactivate")),
}
REFUSED_RESEND, REFUSED_LINK = NothingToAccept, DeadLink
Cell = MemberStatus | tuple[MemberStatus, type[DomainError]]
DIAGRAM: dict[str, dict[str, Cell]] = {
    "invited": {
        "resend": INVITED,
        "accept": ACCEPTED,
        "expire": EXPIRED,
        "deactivate": DISABLED,
        "reactivate": INVITED,
        "sign_in": INVITED,
        "accept_terms": INVITED,
    },
    "expired": {
        "resend": INVITED,
        "accept": (EXPIRED, REFUSED_LINK),
        "expire": EXPIRED,
        "deactivate": DISABLED,
        "reactivate": EXPIRED,
        "sign_in": EXPIRED,
        "accept_terms": EXPIRED,
    },
    "accepted": {
        "resend": (ACCEPTED, REFUSED_RESEND),
        "accept": (ACCEPTED, REFUSED_LINK),
        "expire": ACCEPTED,
        "deactivate": DISABLED,
        "reactivate": ACCEPTED,
        "sign_in": ACCEPTED,
        "accept_terms": ACTIVE,
    },
    "active": {
        "resend": (ACTIVE, REFUSED_RESEND),
        "accept": (ACTIVE, REFUSED_LINK),
        "expire": ACTIVE,
        "deactivate": DISABLED,
        "reactivate": ACTIVE,
        "sign_in": ACTIVE,
        "accept_terms": ACTIVE,
    },
    "disabled while invited": {
        "resend": (DISABLED, REFUSED_RESEND),
        "accept": (DISABLED, REFUSED_LINK),
        "expire": DISABLED,
        "deactivate": DISABLED,
        # The link died with the deactivation: it is sent again by hand.
        "reactivate": EXPIRED,
        "sign_in": DISABLED,
        "accept_terms": DISABLED,
    },
    "disabled while accepted": {
        "resend": (DISABLED, REFUSED_RESEND),
        "accept": (DISABLED, REFUSED_LINK),
        "expire": DISABLED,
        "deactivate": DISABLED,
        "reactivate": ACCEPTED,
        "sign_in": DISABLED,
        # Her account may belong to another site too, where she signs in.
        "accept_terms": DISABLED,
    },
    "disabled while active": {
        "resend": (DISABLED, REFUSED_RESEND),
        "accept": (DISABLED, REFUSED_LINK),
        "expire": DISABLED,
        "deactivate": DISABLED,
        "reactivate": ACTIVE,
        "sign_in": DISABLED,
        "accept_terms": DISABLED,
    },
}
EVENTS = ("resend", "accept", "expire", "deactivate", "reactivate", "sign_in", "accept_terms")


def test_the_diagram_is_whole() -> None:
    assert {status for status, _way in ORIGINS.values()} == set(MemberStatus)
    assert set(DIAGRAM) == set(ORIGINS)
    assert all(tuple(row) == EVENTS for row in DIAGRAM.values())


@pytest.mark.parametrize(("origin", "event"), [(origin, event) for origin in DIAGRAM for event in EVENTS])
def test_each_cell_of_the_diagram(story: Story, origin: str, event: str) -> None:
    status, bring = ORIGINS[origin]
    bring(story)
    assert story.status == status
    expected = DIAGRAM[origin][event]
    if isinstance(expected, tuple):
        following, refusal = expected
        with pytest.raises(refusal):
            getattr(story, event)()
    else:
        following = expected
        getattr(story, event)()
    assert story.status == following
