"""The operator's pages on the terms of use: written, previewed, published, accepted (ACC-13)."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts import terms
from vigie.accounts.models import TermsAcceptance, TermsDraft, TermsOfUse, User
from vigie.accounts.tests.conftest import letters  # noqa: F401 - the fixture that signing in needs
from vigie.accounts.tests.factories import UserFactory
from vigie.accounts.tests.signing_in import give_code, give_password, signed_in_client, totp_code
from vigie.audit.models import Act
from vigie.directory import terms_actions
from vigie.directory.models import Role, Site
from vigie.directory.terms_actions import DraftChangedMeanwhile, NothingToPublish, publish, save_draft
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, SiteFactory, member
from vigie.foundation.errors import Invalid, NotAllowed
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
TEXTS = {"text_fr": "Nouvelles conditions.\n\nSoyez prudents.", "text_en": "New terms."}


@pytest.fixture
def site(db: None) -> Site:
    with as_maintenance():
        made: Site = SiteFactory.create()
    return made


@pytest.fixture
def paul(site: Site) -> User:
    """Operator."""
    with as_maintenance():
        return member(site, Role.OPERATOR, first_name="Paul", last_name="Nguyen")


@pytest.fixture
def adele(site: Site) -> User:
    """Administrator of the site."""
    with as_maintenance():
        return member(site, Role.ADMIN)


def in_force() -> int:
    found = terms.terms_in_force()
    return found.version if found else 0


def post(user: User, name: str, **fields: Any) -> Any:
    return signed_in_client(user).post(reverse(f"directory:{name}"), fields)


def get(user: User, name: str, **query: str) -> Any:
    return signed_in_client(user).get(reverse(f"directory:{name}"), query)


def test_from_the_draft_to_the_terms_in_force(paul: User) -> None:
    before = in_force()
    page = get(paul, "terms_edit").content.decode()
    assert "Votre compte est personnel" in page, "a first draft begins with the terms in force"
    saved = post(paul, "terms_edit", **TEXTS, revision=0)
    assert saved.headers["Location"] == reverse("directory:terms_preview")
    assert in_force() == before
    preview = get(paul, "terms_preview").content.decode()
    assert "<p>Soyez prudents.</p>" in preview
    assert "Un brouillon est en cours" in get(paul, "terms").content.decode()
    published = post(paul, "terms_publish", revision=1)
    assert published.headers["Location"] == reverse("directory:terms")
    assert in_force() == before + 1
    assert "Remplacée" in get(paul, "terms").content.decode()
    assert "New terms." in get(paul, "terms_text", version=str(before + 1)).content.decode()
    with acting_as(paul):
        act = Act.objects.get(code="terms.published")
        assert not TermsDraft.objects.exists()
    assert (act.site_id, act.details) == (None, {"version": before + 1})


def test_everybody_is_asked_again_at_her_next_sign_in(paul: User, site: Site, letters: Any) -> None:  # noqa: F811
    with as_maintenance():
        nina = UserFactory(email="nina@chu.example", second_factor=True)
        MembershipFactory.create(user=nina, site=site)
    with acting_as(paul) as actor:
        save_draft(actor, **TEXTS, revision=0)
        publish(actor, revision=1)
    client = Client()
    give_password(client, nina.email)
    give_code(client, totp_code())
    asked = client.get(reverse("accounts:profile"))
    assert asked.headers["Location"].startswith(reverse("accounts:terms"))
    assert "Soyez prudents." in client.get(asked.headers["Location"]).content.decode()
    client.post(reverse("accounts:terms"), {"accepted": "on", "next": "/"})
    shown = get(paul, "terms_acceptances", q="nina").content.decode()
    assert "nina@chu.example" in shown


def test_only_operators_write_terms(adele: User) -> None:
    with acting_as(adele) as actor:
        for act in (
            lambda: save_draft(actor, **TEXTS, revision=0),
            lambda: publish(actor, revision=1),
            lambda: terms_actions.discard_draft(actor, revision=1),
        ):
            with pytest.raises(NotAllowed):
                act()
    for name in ("terms", "terms_text", "terms_edit", "terms_preview", "terms_acceptances"):
        assert get(adele, name, version="1").status_code == 404, name
    assert post(adele, "terms_publish", revision=1).status_code == 404


def test_the_database_keeps_drafts_and_acceptances_from_others(adele: User, paul: User) -> None:
    with acting_as(paul) as actor:
        save_draft(actor, **TEXTS, revision=0)
    with acting_as(adele):
        assert not TermsDraft.objects.exists()
        assert not TermsAcceptance.objects.exclude(user=adele).exists()


def test_the_second_of_two_writers_is_told_and_keeps_her_text(paul: User) -> None:
    with acting_as(paul) as actor:
        save_draft(actor, **TEXTS, revision=0)
        with pytest.raises(DraftChangedMeanwhile):
            save_draft(actor, text_fr="Autre", text_en="Other", revision=0)
    answer = post(paul, "terms_edit", text_fr="Ma version", text_en="Mine", revision=0)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Ma version" in page
    assert "Soyez prudents." in page
    assert 'name="revision" value="1"' in page
    refused = post(paul, "terms_publish", revision=7)
    assert refused.status_code == 409


def test_nothing_incomplete_or_unchanged_is_published(paul: User) -> None:
    before = in_force()
    with acting_as(paul) as actor:
        with pytest.raises(NothingToPublish):
            publish(actor, revision=0)
        draft = save_draft(actor, text_fr="Nouvelles conditions.", text_en="  \n", revision=0)
        with pytest.raises(Invalid):
            publish(actor, revision=draft.revision)
        last = TermsOfUse.objects.latest("version")
        draft = save_draft(actor, text_fr=last.text_fr, text_en=f"{last.text_en}\r\n", revision=draft.revision)
        with pytest.raises(NothingToPublish):
            publish(actor, revision=draft.revision)
        with pytest.raises(Invalid):
            save_draft(actor, text_fr="x" * (terms_actions.LONGEST_TEXT + 1), text_en="", revision=draft.revision)
    assert in_force() == before
    assert post(paul, "terms_publish", revision=2).status_code == 409


def test_a_draft_is_given_up(paul: User) -> None:
    with acting_as(paul) as actor:
        save_draft(actor, **TEXTS, revision=0)
    post(paul, "terms_publish", revision=1, discard="1")
    assert get(paul, "terms_preview").headers["Location"] == reverse("directory:terms")
    assert get(paul, "terms_text", version="99").status_code == 404


@pytest.mark.parametrize("people", [1, 30])
def test_acceptances_come_in_pages_at_the_same_cost(paul: User, people: int) -> None:
    with as_maintenance():
        version = TermsOfUse.objects.latest("version")
        for number in range(people):
            somebody = UserFactory(terms=False, last_name=f"Éluard{number}")
            TermsAcceptance.objects.create(user=somebody, terms=version, accepted_at=timezone.now())
    client = signed_in_client(paul)
    address = reverse("directory:terms_acceptances")
    for query, most in (("", 9), ("?q=eluard", 9), (f"?version={version.version}", 9)):
        with CaptureQueriesContext(connection) as statements:
            answer = client.get(address + query)
        assert answer.status_code == 200
        assert len(statements) <= most, "\n".join(row["sql"][:80] for row in statements.captured_queries)
    found = client.get(f"{address}?q=eluard")
    assert len(found.context["page"].rows) == min(people, 25)
    if people > 25:
        second = client.get(address + found.context["pages"].next_url)
        assert len(second.context["page"].rows) == people - 25
        assert "Première page" in second.content.decode()
    for name in ("terms", "terms_edit"):
        with CaptureQueriesContext(connection) as statements:
            client.get(reverse(f"directory:{name}"))
        assert len(statements) <= 9
