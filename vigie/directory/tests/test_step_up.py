"""What the matrix marks « after confirming who she is » asks for it, page by page, and loses nothing of what was typed (step-up)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import TrustedNetwork, User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory import rights
from vigie.directory.models import Membership, Role, Site
from vigie.directory.tests.factories import SiteFactory, member
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
ASKED = reverse("account_reauthenticate")


@dataclass(frozen=True)
class Cast:
    site: Site
    paul: User
    """Operator."""
    adele: User
    """Administrator of the site."""
    claire: User
    """A user of the site, with an application."""

    @property
    def record(self) -> Membership:
        with as_maintenance():
            return Membership.objects.get(user=self.claire)

    @property
    def application(self) -> Authenticator:
        with as_maintenance():
            return Authenticator.objects.get(user=self.claire)


@pytest.fixture
def cast(db: None) -> Cast:
    with as_maintenance():
        site = SiteFactory.create()
        return Cast(
            site=site,
            paul=member(SiteFactory.create(), Role.OPERATOR),
            adele=member(site, Role.ADMIN),
            claire=member(site, first_name="Claire", last_name="Moreau", email="claire@val.example", second_factor=True),
        )


def confirmed(client: Client, *, seconds_ago: int) -> Client:
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {**record, "at": time.time() - seconds_ago} for record in session[AUTHENTICATION_METHODS_SESSION_KEY]
    ]
    session.save()
    return client


def old_session(user: User) -> Client:
    return confirmed(signed_in_client(user), seconds_ago=3600)


@pytest.fixture
def unmarked(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Take the mark of a right away from the matrix in force."""

    def take_away(capability: str) -> None:
        asked = rights.asks_step_up
        monkeypatch.setattr(rights, "asks_step_up", lambda name, relations: name != capability and asked(name, relations))

    return take_away


Page = tuple[str, str, Callable[[Cast], str], Callable[[Cast], dict[str, Any] | None]]
"""The right, who, the address, what is sent (None: the page is read)."""


def page(name: str, argument: Callable[[Cast], Any]) -> Callable[[Cast], str]:
    return lambda cast: reverse(f"directory:{name}", args=[argument(cast)])


def claire(cast: Cast) -> Any:
    return cast.record.id


def account(cast: Cast) -> Any:
    return cast.claire.pk


def site(cast: Cast) -> Any:
    return cast.site.id


def nothing(_cast: Cast) -> None:
    return None


def empty(_cast: Cast) -> dict[str, Any]:
    return {}


PAGES: list[Page] = [
    ("admins.appoint", "paul", page("platform_appoint", site), nothing),
    ("admins.appoint", "paul", page("platform_appoint_member", claire), empty),
    ("admins.appoint", "paul", page("platform_remove_administrator", lambda cast: admin_record(cast).id), nothing),
    ("admins.appoint", "paul", page("member_access", claire), lambda cast: {"roles": ["user", "admin"], "revision": cast.record.revision}),
    (
        "admins.appoint",
        "paul",
        lambda cast: reverse("directory:member_add", args=[cast.site.number]),
        lambda _cast: {"email": "ines@val.example", "first_name": "Inès", "last_name": "Roy", "roles": ["admin"]},
    ),
    (
        "email.change",
        "paul",
        page("platform_account_address", account),
        lambda cast: {"email": "n@val.example", "former": cast.claire.email},
    ),
    ("account.deactivate", "paul", page("platform_account_activity", account), nothing),
    ("account.deactivate", "paul", page("platform_account_activity", account), empty),
    ("factors.reset", "paul", page("platform_account_unlock", account), nothing),
    ("factors.reset", "adele", page("factors_reset", claire), nothing),
    ("factors.reset", "adele", page("factors_reset", claire), lambda _cast: {"checked": "on"}),
    ("factors.reset", "adele", page("member_unlock", claire), nothing),
    ("factors.reset", "adele", page("member_sessions_end", claire), empty),
    (
        "factors.reset",
        "adele",
        lambda cast: reverse("directory:factor_remove", args=[cast.record.id, cast.application.pk]),
        nothing,
    ),
    ("factors.ip", "paul", page("network_add", claire), nothing),
    ("factors.ip", "paul", lambda cast: reverse("directory:network_withdraw", args=[cast.record.id, network(cast).pk]), empty),
]


def admin_record(cast: Cast) -> Membership:
    with as_maintenance():
        return Membership.objects.get(user=cast.adele)


def network(cast: Cast) -> TrustedNetwork:
    with as_maintenance():
        found = TrustedNetwork.objects.filter(user=cast.claire).first()
        if found is None:
            until = timezone.now() + timedelta(days=30)
            found = TrustedNetwork.objects.create(
                user=cast.claire, name="Bloc", network="192.0.2.0/28", expires_at=until, granted_by_name="Paul"
            )
        return found


def ask(client: Client, address: str, sent: dict[str, Any] | None) -> Any:
    return client.get(address) if sent is None else client.post(address, sent)


@pytest.mark.parametrize(("capability", "who", "address", "sent"), PAGES)
def test_an_old_session_is_asked_who_she_is_and_nothing_is_done(
    cast: Cast,
    unmarked: Callable[[str], None],
    capability: str,
    who: str,
    address: Callable[[Cast], str],
    sent: Callable[[Cast], dict[str, Any] | None],
) -> None:
    user = getattr(cast, who)
    where, fields = address(cast), sent(cast)
    before = state(cast)
    asked = ask(old_session(user), where, fields)
    assert asked.status_code == 302
    assert asked.headers["Location"].startswith(f"{ASKED}?next=")
    assert state(cast) == before
    # The mark of the matrix decides, nothing else.
    unmarked(capability)
    answer = ask(old_session(user), where, fields)
    assert not answer.headers.get("Location", "").startswith(ASKED)
    assert answer.status_code in (200, 302)


def state(cast: Cast) -> list[Any]:
    with as_maintenance():
        return [
            list(Membership.objects.order_by("id").values_list("email", "roles", "is_active")),
            list(User.objects.order_by("id").values_list("email", "is_active")),
            Authenticator.objects.count(),
            TrustedNetwork.objects.count(),
        ]


def test_what_is_not_an_appointment_asks_nothing(cast: Cast) -> None:
    client = old_session(cast.paul)
    saved = client.post(
        reverse("directory:member_access", args=[cast.record.id]), {"roles": ["user", "referent"], "revision": cast.record.revision}
    )
    assert saved.headers["Location"] == reverse("directory:member", args=[cast.record.id])
    assert cast.record.roles == ["user", "referent"]


def test_the_new_address_is_given_back_once_she_has_confirmed(cast: Cast) -> None:
    client = old_session(cast.paul)
    client.post(reverse("directory:platform_account_address", args=[cast.claire.pk]), {"email": "nouvelle@val.example", "former": "x"})
    shown = confirmed(client, seconds_ago=1).get(reverse("directory:platform_account", args=[cast.claire.pk])).content.decode()
    assert 'value="nouvelle@val.example"' in shown
    assert "Votre identité est confirmée." in shown
    again = client.get(reverse("directory:platform_account", args=[cast.claire.pk])).content.decode()
    assert "nouvelle@val.example" not in again


def test_the_roles_that_were_ticked_are_given_back_once_she_has_confirmed(cast: Cast) -> None:
    client = old_session(cast.paul)
    record = cast.record
    client.post(reverse("directory:member_access", args=[record.id]), {"roles": ["user", "admin"], "revision": record.revision})
    shown = confirmed(client, seconds_ago=1).get(reverse("directory:member", args=[record.id]))
    assert shown.context["access_form"]["roles"].value() == ["user", "admin"]
    fields = {"roles": ["user", "admin"], "revision": shown.context["access_form"]["revision"].value()}
    client.post(reverse("directory:member_access", args=[record.id]), fields)
    assert cast.record.roles == ["user", "admin"]


def test_the_person_to_invite_is_given_back_once_she_has_confirmed(cast: Cast) -> None:
    client = old_session(cast.paul)
    address = reverse("directory:member_add", args=[cast.site.number])
    client.post(address, {"email": "ines@val.example", "first_name": "Inès", "last_name": "Roy", "roles": ["admin"]})
    shown = confirmed(client, seconds_ago=1).get(address)
    assert shown.context["form"]["email"].value() == "ines@val.example"
    assert shown.context["form"]["roles"].value() == ["admin"]
