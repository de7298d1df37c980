"""The journal: who reads which acts, found, taken away and verified (PLA-42)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.actions import record_act
from vigie.audit.models import Act, Link, Verification
from vigie.directory import journal_actions
from vigie.directory.models import Role, Site
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import SiteFactory, member
from vigie.errands.models import Errand
from vigie.foundation.testing import as_maintenance, run_jobs

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Story:
    site: Site
    other: Site
    adele: User
    """Administrator of the site."""
    rose: User
    """Referent: she administers nothing."""
    paul: User
    """Operator."""
    claire: User
    """Somebody whom acts concern."""

    def act(self, code: str, *, by: User, site: Site | None, about: User | None = None, **details: object) -> Act:
        with as_maintenance():
            return record_act(
                by_author(by),
                code,
                site_id=site.id if site else None,
                space_id=site.space_id if site else None,
                object_kind="membership",
                object_id=about.id if about else "x",
                object_name=about.full_name if about else "",
                subject_id=about.id if about else None,
                details=details,
            )


def by_author(user: User) -> Any:
    return type("Author", (), {"id": user.id, "name": user.full_name})()


@pytest.fixture
def story(db: None) -> Story:
    with as_maintenance():
        site, other = SiteFactory.create(name="CH de Brive"), SiteFactory.create(name="CH d’Ussel")
        return Story(
            site=site,
            other=other,
            adele=member(site, Role.ADMIN, first_name="Adèle", last_name="Henry"),
            rose=member(site, Role.REFERENT),
            paul=member(other, Role.OPERATOR, first_name="Paul", last_name="Nguyen"),
            claire=member(site, first_name="Claire", last_name="Moreau"),
        )


def page(user: User, address: str, **query: str) -> str:
    answer = signed_in_client(user).get(address, query)
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def of_site(story: Story) -> str:
    return reverse("directory:journal", args=[story.site.number])


def test_an_administrator_reads_the_acts_of_her_site_in_sentences(story: Story) -> None:
    story.act("member.access_changed", by=story.adele, site=story.site, about=story.claire, roles=["+referent"])
    story.act("member.deactivated", by=story.adele, site=story.other, about=story.rose)
    shown = page(story.adele, of_site(story))
    assert "<strong>Adèle Henry</strong> a changé les accès de <strong>Claire Moreau</strong>." in shown
    assert "+ Référent" in shown
    assert "a désactivé" not in shown


def test_each_journal_opens_to_whom_it_is_meant_for(story: Story) -> None:
    platform = reverse("directory:platform_journal")
    stranger = reverse("directory:journal", args=[story.other.number])
    expected = {
        (story.adele, of_site(story)): 200,
        (story.adele, stranger): 404,
        (story.adele, platform): 404,
        (story.rose, of_site(story)): 404,
        (story.claire, of_site(story)): 404,
        (story.claire, platform): 404,
        (story.paul, platform): 200,
        (story.paul, of_site(story)): 403,
        (story.claire, reverse("journal:own")): 200,
    }
    for (user, address), status in expected.items():
        assert signed_in_client(user).get(address).status_code == status, (user.full_name, address)


def test_everybody_reads_her_own_acts_and_those_about_her_and_no_other(story: Story) -> None:
    story.act("member.deactivated", by=story.adele, site=story.site, about=story.claire)
    story.act("member.deactivated", by=story.adele, site=story.site, about=story.rose)
    shown = page(story.claire, reverse("journal:own"))
    assert "<strong>Claire Moreau</strong>" in shown
    assert "CH de Brive" in shown
    assert story.rose.full_name not in shown
    assert story.rose.full_name in page(story.adele, reverse("journal:own"))


def test_the_operator_reads_the_platforms_acts_alone(story: Story) -> None:
    story.act("rights.changed", by=story.paul, site=None, version=7)
    story.act("member.deactivated", by=story.adele, site=story.site, about=story.claire)
    shown = page(story.paul, reverse("directory:platform_journal"))
    assert "(version 7)" in shown
    assert "a désactivé" not in shown


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "moreau"}, {"Claire Moreau"}),
        ({"q": "adele MOREAU"}, {"Claire Moreau"}),
        ({"q": "personne"}, set()),
        ({"nature": "members"}, {"Claire Moreau"}),
        ({"nature": "invitations"}, {"Rose Roche"}),
        ({"nature": "imaginaire"}, {"Claire Moreau", "Rose Roche"}),
        ({"du": "2999-01-01"}, set()),
        ({"au": "2000-01-01"}, set()),
        ({"du": "2000-01-01", "au": "2999-01-01"}, {"Claire Moreau", "Rose Roche"}),
        ({"du": "jamais", "au": "2026-99-99"}, {"Claire Moreau", "Rose Roche"}),
    ],
    ids=lambda given: str(given) if isinstance(given, dict) else " and ".join(sorted(given)),
)
def test_filters_narrow_and_nonsense_is_ignored(story: Story, query: dict[str, str], found: set[str]) -> None:
    with as_maintenance():
        rose = member(story.site, first_name="Rose", last_name="Roche")
    story.act("member.deactivated", by=story.adele, site=story.site, about=story.claire)
    story.act("member.invited", by=story.adele, site=story.site, about=rose)
    shown = page(story.adele, of_site(story), **query)
    assert {name for name in ("Claire Moreau", "Rose Roche") if f"<strong>{name}</strong>" in shown} == found


def test_the_acts_on_one_thing_are_a_link_away(story: Story) -> None:
    story.act("member.deactivated", by=story.adele, site=story.site, about=story.claire)
    story.act("member.deactivated", by=story.adele, site=story.site, about=story.rose)
    shown = page(story.adele, of_site(story), objet=f"membership:{story.claire.id}")
    assert "<strong>Claire Moreau</strong>" in shown
    assert story.rose.full_name not in shown


def test_acts_come_in_pages_the_latest_first(story: Story) -> None:
    for number in range(60):
        story.act("members.exported", by=story.adele, site=story.site, rows=number)
    client = signed_in_client(story.adele)
    seen: list[int] = []
    address: str | None = of_site(story)
    while address:
        answer = client.get(address)
        seen += [act.sentence for act in answer.context["acts"]]
        following = answer.context["pages"].next_url
        address = f"{of_site(story)}{following}" if following else None
    assert [f"({number} lignes)" in str(told) for number, told in zip(range(59, -1, -1), seen, strict=True)] == [True] * 60
    last = client.get(of_site(story), {"fin": "1"})
    assert "(0 lignes)" in last.context["acts"][-1].sentence


@pytest.mark.parametrize("count", [1, 30])
def test_a_page_costs_the_same_for_one_act_and_for_thirty(story: Story, count: int) -> None:
    for _ in range(count):
        story.act("member.deactivated", by=story.adele, site=story.site, about=story.claire)
    for user, address, most in (
        (story.adele, of_site(story), 9),
        (story.claire, reverse("journal:own"), 9),
        (story.paul, reverse("directory:platform_journal"), 9),
    ):
        client = signed_in_client(user)
        client.get(address)
        with CaptureQueriesContext(connection) as statements:
            client.get(address)
        assert len(statements) <= most, "\n".join(query["sql"][:80] for query in statements.captured_queries)


# --- Taking it away --------------------------------------------------------------------------------------------------
def test_the_export_has_the_filters_no_formula_and_is_an_act(story: Story) -> None:
    with as_maintenance():
        trudy = member(story.site, first_name="=HYPERLINK", last_name="(1)")
    story.act("member.deactivated", by=trudy, site=story.site, about=story.claire)
    story.act("member.invited", by=story.adele, site=story.site, about=story.rose)
    answer = signed_in_client(story.adele).post(f"{reverse('directory:journal_export', args=[story.site.number])}?nature=members")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Date;Acte;Détail;Nature;Site"
    assert len(lines) == 2
    assert ";'=HYPERLINK (1) a désactivé Claire Moreau.;" in lines[1]
    with as_maintenance():
        act = Act.objects.get(code="journal.exported")
    assert (act.site_id, act.details) == (story.site.id, {"rows": 1})


def test_a_long_export_is_an_errand(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_actions, "MOST_AT_ONCE", 1)
    for _ in range(2):
        story.act("rights.changed", by=story.paul, site=None, version=7)
    answer = signed_in_client(story.paul).post(reverse("directory:platform_journal_export"))
    assert answer.status_code == 302
    run_jobs()
    with as_maintenance():
        errand = Errand.objects.get()
        assert Act.objects.get(code="journal.exported").details == {"rows": 2}
    assert answer.headers["Location"] == reverse("errand", args=[errand.id])


@pytest.mark.parametrize("who", ["rose", "claire"])
def test_who_does_not_read_does_not_export(story: Story, who: str) -> None:
    client = signed_in_client(getattr(story, who))
    assert client.post(reverse("directory:journal_export", args=[story.site.number])).status_code == 404
    assert client.post(reverse("directory:platform_journal_export")).status_code == 404
    assert client.post(reverse("directory:journal_verify")).status_code == 404
    assert client.post(reverse("journal:own_export")).status_code == 200


# --- The chain -------------------------------------------------------------------------------------------------------
def test_the_operator_sees_that_the_chains_hold(story: Story) -> None:
    story.act("rights.changed", by=story.paul, site=None, version=7)
    client = signed_in_client(story.paul)
    assert "pas encore été vérifiées" in client.get(reverse("directory:platform_journal")).content.decode()
    client.post(reverse("directory:journal_verify"))
    run_jobs()
    shown = client.get(reverse("directory:platform_journal")).content.decode()
    assert "tous intacts" in shown
    with acting_as(story.adele):
        assert not Verification.objects.exists()
    with acting_as(story.paul):
        assert Verification.objects.get().at > timezone.now() - timedelta(hours=1)


def test_the_operator_sees_that_a_chain_is_broken(story: Story) -> None:
    act = story.act("rights.changed", by=story.paul, site=None, version=7)
    with as_maintenance():
        Link.objects.create(act=act, chain="00000000-0000-0000-0000-000000000000", position=3, digest="0" * 64)
    client = signed_in_client(story.paul)
    client.post(reverse("directory:journal_verify"))
    run_jobs()
    shown = client.get(reverse("directory:platform_journal")).content.decode()
    assert "Le journal a été altéré" in shown
    assert "#3" in shown
