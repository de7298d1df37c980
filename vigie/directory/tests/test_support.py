"""Support sites, as people use them: a site confides itself, the support acts, the site takes itself back (SEA-1 to SEA-4)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.actions import record_act, signature
from vigie.audit.models import Act
from vigie.directory import factor_actions, invitations, member_actions, policies, rights, support_actions, tasks
from vigie.directory.live_topics import may_follow_grant
from vigie.directory.models import (
    GrantedCapability,
    Habilitation,
    Invitation,
    Membership,
    Role,
    Service,
    Site,
    SiteKind,
    SupportGrant,
)
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, ServiceFactory, SiteFactory, SupportGrantFactory, member
from vigie.directory.tests.helping import Help, arranged
from vigie.errands import files
from vigie.errands.models import Errand
from vigie.foundation import live, scope
from vigie.foundation.errors import Invalid, NotAllowed, Unseen
from vigie.foundation.testing import as_maintenance, run_jobs

pytestmark = pytest.mark.django_db

_letters: list[dict[str, Any]] = []


def keep_letter(**letter: Any) -> bool:
    _letters.append(letter)
    return True


@pytest.fixture(autouse=True)
def letters(settings: Any) -> list[dict[str, Any]]:
    settings.VIGIE_MAILER = settings.VIGIE_GUEST_MAILER = f"{__name__}.keep_letter"
    _letters.clear()
    cache.clear()
    return _letters


@pytest.fixture
def aid(db: None) -> Help:
    return arranged()


def get(user: User, name: str, *args: object, **query: str) -> Any:
    return signed_in_client(user).get(reverse(f"directory:{name}", args=args), query)


def post(user: User, name: str, *args: object, **fields: Any) -> Any:
    return signed_in_client(user).post(reverse(f"directory:{name}", args=args), fields)


def text(answer: Any) -> str:
    return " ".join(str(answer.content.decode()).replace("\u00a0", " ").replace("\u202f", " ").split())


def stored(grant: SupportGrant) -> SupportGrant:
    with as_maintenance():
        return SupportGrant.objects.get(pk=grant.pk)


def latest_act() -> Act:
    with as_maintenance():
        return Act.objects.order_by("id").last()  # type: ignore[return-value]


def terms(**changes: Any) -> dict[str, Any]:
    return {"submission": uuid4(), "purpose": "setup", "note": "", "capabilities": ["users.write"], "duration": "8"} | changes


# --- The matrix, cell by cell -----------------------------------------------------------------------------------------
LENT = {"users.read", "users.write", "features.activate"}


def test_a_grant_lends_only_what_the_matrix_lends_to_supports() -> None:
    in_matrix = {name for name, relations in rights.matrix().items() if ("support", "granted") in relations}
    assert set(GrantedCapability.values) == LENT
    # The page of patients is lent by the matrix too, once there is one.
    assert in_matrix - {"patients.open"} == LENT


@pytest.mark.parametrize(
    "lent", [["users.read"], ["users.read", "users.write"], ["users.read", "features.activate"], sorted(LENT)], ids=str
)
def test_each_capability_over_the_site_is_lent_or_not(lent: list[str]) -> None:
    with as_maintenance():
        grant = SupportGrantFactory.create(capabilities=lent)
        sam = member(grant.support_site, Role.ADMIN)
        other = SiteFactory.create()
    with acting_as(sam) as actor:
        assert {name for name in rights.matrix() if policies.may(actor, name, grant.site_id)} == set(lent)
        assert not [name for name in rights.matrix() if policies.may(actor, name, other.id)]
        assert policies.may_open_console(actor, grant.site_id)
        assert not policies.may_grant_support(actor, grant.site_id)
        assert not policies.may_withdraw_support(actor, grant.site_id)
        assert not policies.may_audit_site(actor, grant.site_id)
        assert not policies.may_appoint(actor)


def test_what_the_matrix_takes_from_supports_no_grant_lends(aid: Help, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = {name: relations - {("support", "granted")} for name, relations in rights.matrix().items()}
    with acting_as(aid.sam) as actor:
        assert policies.may_administer(actor, aid.site.id)
        monkeypatch.setattr(rights, "matrix", lambda: cells)
        assert not policies.may_administer(actor, aid.site.id)
        assert not policies.may_open_console(actor, aid.site.id)


# --- A site confides itself -------------------------------------------------------------------------------------------
def test_the_site_found_is_shown_with_its_identity_and_homonyms_apart(aid: Help) -> None:
    with as_maintenance():
        SiteFactory.create(name="Aide Éclair", kind=SiteKind.SUPPORT, number="H00002", city="Dinan")
        SiteFactory.create(name="Aide Éclair", kind=SiteKind.VENDOR, number="H00003")
    page = text(get(aid.adele, "support_sites", aid.site.number, q="aide eclair"))
    assert page.count("Organisation de support") == 2
    assert "Dinan" in page
    assert "H00003" not in page
    form = text(get(aid.adele, "support_add", aid.site.number, "H00002"))
    for identity in ("Aide Éclair", "Organisation de support", "H00002", "Dinan"):
        assert identity in form
    assert get(aid.adele, "support_add", aid.site.number, "H00003").status_code == 404


def test_a_site_is_confided_for_eight_hours_unless_told_otherwise(aid: Help, letters: list[dict[str, Any]]) -> None:
    with as_maintenance():
        second = SiteFactory.create(name="Support du Littoral", kind=SiteKind.SUPPORT)
        lea = member(second, Role.ADMIN)
    assert 'value="8" selected' in get(aid.adele, "support_add", aid.site.number, second.number).content.decode()
    answer = post(aid.adele, "support_add", aid.site.number, second.number, **terms(note="Créer les comptes"))
    assert answer.status_code == 302
    with as_maintenance():
        grant = SupportGrant.objects.get(support_site=second)
    assert grant.expires_at - grant.granted_at == timedelta(hours=8) or abs(
        grant.expires_at - grant.granted_at - timedelta(hours=8)
    ) < timedelta(seconds=5)
    assert (grant.granted_by_name, grant.purpose, grant.capabilities) == ("Adèle Durand", "setup", ["users.read", "users.write"])
    assert latest_act().code == "support.granted"
    run_jobs()
    assert {letter["recipient"].id for letter in letters} == {aid.adele.id, lea.id}
    page = text(get(aid.adele, "support_sites", aid.site.number))
    for told in ("Support du Littoral", "Configuration initiale", "Créer les comptes", "Accordée par Adèle Durand", "Aide Éclair"):
        assert told in page


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"purpose": "espionnage"}, "Sélectionnez un choix valide"),
        ({"purpose": "other"}, "Précisez ce que le support doit faire"),
        ({"note": "x" * 301}, "300"),
        ({"capabilities": ["admins.appoint"]}, "Sélectionnez un choix valide"),
        ({"duration": "2184"}, "Sélectionnez un choix valide"),
        ({"duration": "day"}, "Choisissez le dernier jour"),
        ({"duration": "day", "day": "2020-01-01"}, "Choisissez une échéance à venir"),
        ({"duration": "day", "day": f"{timezone.now() + timedelta(days=92):%Y-%m-%d}"}, "au plus 90 jours"),
        ({"submission": "x"}, ""),
    ],
    ids=str,
)
def test_wrong_terms_are_refused_with_their_reason(aid: Help, changes: dict[str, Any], reason: str) -> None:
    with as_maintenance():
        second = SiteFactory.create(kind=SiteKind.SUPPORT)
    answer = post(aid.adele, "support_add", aid.site.number, second.number, **terms(**changes))
    assert answer.status_code == 422
    assert reason in text(answer)
    with as_maintenance():
        assert not SupportGrant.objects.filter(support_site=second).exists()


def confide(actor: Any, site: Site, support_number: str, **changes: Any) -> SupportGrant:
    stated: dict[str, Any] = {
        "submission": uuid4(),
        "purpose": "setup",
        "note": "",
        "capabilities": [],
        "until": timezone.now() + timedelta(hours=1),
    }
    return support_actions.grant_support(actor, site.id, support_number=support_number, **(stated | changes))


def test_ninety_one_days_and_sites_that_are_no_supports_are_refused(aid: Help) -> None:
    with as_maintenance():
        second = SiteFactory.create(kind=SiteKind.SUPPORT)
        vendor = SiteFactory.create(kind=SiteKind.VENDOR)
    with acting_as(aid.adele) as actor:
        with pytest.raises(Invalid):
            confide(actor, aid.site, second.number, until=timezone.now() + timedelta(days=91))
        with pytest.raises(support_actions.NotASupportSite):
            confide(actor, aid.site, vendor.number)
        with pytest.raises(support_actions.NotASupportSite):
            confide(actor, aid.site, "INCONNU")
        confide(actor, aid.site, second.number, until=timezone.now() + timedelta(days=90))


def test_a_form_sent_twice_grants_once_and_a_second_grant_waits_for_the_end_of_the_first(aid: Help) -> None:
    with as_maintenance():
        second = SiteFactory.create(kind=SiteKind.SUPPORT)
    fields = terms()
    for _ in range(2):
        assert post(aid.adele, "support_add", aid.site.number, second.number, **fields).status_code == 302
    again = post(aid.adele, "support_add", aid.site.number, second.number, **terms())
    assert again.status_code == 409
    assert "déjà une délégation en cours" in text(again)
    with as_maintenance():
        assert SupportGrant.objects.filter(support_site=second).count() == 1


def test_a_grant_that_the_clock_has_ended_leaves_room_for_another(aid: Help) -> None:
    with as_maintenance():
        old = SupportGrantFactory.create(site=aid.site, granted_by=aid.adele, granted_at=timezone.now() - timedelta(hours=9))
        number = Site.objects.get(id=old.support_site_id).number
    with acting_as(aid.adele) as actor:
        confide(actor, aid.site, number)
    assert stored(old).end == "expired"


def test_a_support_site_does_not_confide_itself_to_itself(aid: Help) -> None:
    with acting_as(aid.sam) as actor, pytest.raises(support_actions.NotASupportSite):
        confide(actor, aid.support, aid.support.number)


@pytest.mark.parametrize("who", ["delegate", "referent", "stranger"])
def test_nobody_else_opens_the_page_of_support_sites(aid: Help, who: str) -> None:
    with as_maintenance():
        person = {"delegate": aid.sam, "referent": member(aid.site, Role.REFERENT), "stranger": member(aid.other, Role.ADMIN)}[who]
    for name, args in (
        ("support_sites", [aid.site.number]),
        ("support_add", [aid.site.number, aid.support.number]),
        ("journal", [aid.site.number]),
    ):
        assert get(person, name, *args).status_code == 404, name
    assert post(person, "journal_export", aid.site.number).status_code == 404
    assert post(person, "support_renew", aid.grant.id, duration="8", renewals=0).status_code in (403, 404)
    assert post(person, "support_withdraw", aid.grant.id).status_code in (403, 404)
    assert stored(aid.grant).ended_at is None


def test_the_operator_withdraws_and_neither_grants_nor_renews(aid: Help) -> None:
    with as_maintenance():
        paul = member(aid.other, Role.OPERATOR, first_name="Paul", last_name="Roux")
    page = get(paul, "support_sites", aid.site.number).content.decode()
    assert reverse("directory:support_withdraw", args=[aid.grant.id]) in page
    assert reverse("directory:support_renew", args=[aid.grant.id]) not in page
    assert get(paul, "support_add", aid.site.number, aid.support.number).status_code == 403
    assert post(paul, "support_renew", aid.grant.id, duration="8", renewals=0).status_code == 403
    with acting_as(paul) as actor, pytest.raises(NotAllowed):
        confide(actor, aid.site, aid.support.number)
    assert post(paul, "support_withdraw", aid.grant.id).status_code == 302
    assert (stored(aid.grant).end, stored(aid.grant).ended_by_name) == ("withdrawn", "Paul Roux")


# --- The end ----------------------------------------------------------------------------------------------------------
def test_a_withdrawal_takes_the_next_page_away_and_closes_the_open_ones(
    aid: Help, monkeypatch: pytest.MonkeyPatch, letters: list[dict[str, Any]]
) -> None:
    published: list[tuple[str, str]] = []
    monkeypatch.setattr(live, "publish", lambda *, topics, kind, **_: published.append((kind, *topics)))
    monkeypatch.setattr(live, "publish_revocation", lambda user_id, **_: published.append(("revoke", str(user_id))))
    client = signed_in_client(aid.sam)
    address = reverse("directory:members", args=[aid.site.number])
    record = reverse("directory:member", args=[aid.claire.id])
    assert client.get(address).status_code == client.get(record).status_code == 200
    assert post(aid.adele, "support_withdraw", aid.grant.id).status_code == 302
    assert client.get(address).status_code == client.get(record).status_code == 404
    assert client.post(reverse("directory:member_edit", args=[aid.claire.id]), {}).status_code == 404
    assert published == [("grant", f"grant:{aid.grant.id}"), ("revoke", str(aid.sam.id))]
    # The open page reads its banner again, and leaves.
    banner = client.get(reverse("directory:support_banner", args=[aid.grant.id]), headers={"HX-Request": "true"})
    assert (banner.status_code, banner["HX-Redirect"]) == (204, reverse("directory:support_entrusted", args=[aid.support.number]))
    run_jobs()
    assert {letter["recipient"].id for letter in letters} == {aid.adele.id, aid.sam.id}
    assert "Adèle Durand a retiré la délégation" in letters[0]["text"]
    assert latest_act().code == "support.withdrawn"


def test_a_withdrawal_sent_twice_is_one(aid: Help) -> None:
    for _ in range(2):
        assert post(aid.adele, "support_withdraw", aid.grant.id).status_code == 302
    with as_maintenance():
        assert Act.objects.filter(code="support.withdrawn").count() == 1


def test_only_those_who_act_under_a_grant_follow_it(aid: Help) -> None:
    with acting_as(aid.sam) as actor:
        assert may_follow_grant(actor, str(aid.grant.id))
        assert not may_follow_grant(actor, "' OR 1=1")
    with acting_as(aid.adele) as actor:
        assert not may_follow_grant(actor, str(aid.grant.id))
    with as_maintenance():
        eve = member(SiteFactory.create(kind=SiteKind.SUPPORT), Role.ADMIN)
    assert get(eve, "support_banner", aid.grant.id).status_code == 404
    assert "Aide Éclair" in text(get(aid.sam, "support_banner", aid.grant.id))


def test_the_clock_ends_a_grant_before_the_job_comes_by(aid: Help) -> None:
    address = reverse("directory:members", args=[aid.site.number])
    now = timezone.now()
    with time_machine.travel(now + timedelta(hours=7, minutes=59), tick=False):
        assert signed_in_client(aid.sam).get(address).status_code == 200
    with time_machine.travel(now + timedelta(hours=8, minutes=1), tick=False):
        assert signed_in_client(aid.sam).get(address).status_code == 404
    assert stored(aid.grant).ended_at is None


def test_the_job_writes_the_end_once_and_tells_both_sides(aid: Help, letters: list[dict[str, Any]]) -> None:
    with time_machine.travel(stored(aid.grant).expires_at, tick=False):
        tasks.follow_support_grants(timestamp=0)
        tasks.follow_support_grants(timestamp=0)
    ended = stored(aid.grant)
    assert (ended.end, ended.ended_at) == ("expired", ended.expires_at)
    with as_maintenance():
        assert list(Act.objects.values_list("code", "actor_name")) == [("support.expired", "Vigie")]
    run_jobs()
    assert {letter["recipient"].id for letter in letters} == {aid.adele.id, aid.sam.id}
    assert all("arrivée à son terme" in letter["text"] for letter in letters)


def test_the_job_leaves_a_grant_in_force_alone(aid: Help) -> None:
    with time_machine.travel(stored(aid.grant).expires_at - timedelta(seconds=1), tick=False):
        tasks.follow_support_grants(timestamp=0)
    assert stored(aid.grant).ended_at is None


def test_a_grant_is_renewed_on_purpose_from_now_on(aid: Help, letters: list[dict[str, Any]]) -> None:
    answer = post(aid.adele, "support_renew", aid.grant.id, duration="72", renewals=0)
    assert answer.status_code == 302
    renewed = stored(aid.grant)
    assert renewed.renewals == 1
    assert timedelta(hours=71) < renewed.expires_at - timezone.now() <= timedelta(hours=72)
    late = post(aid.adele, "support_renew", aid.grant.id, duration="24", renewals=0)
    assert late.status_code == 409
    assert "renouvelée par quelqu’un d’autre" in text(late)
    assert post(aid.adele, "support_renew", aid.grant.id, duration="2184", renewals=1).status_code == 422
    run_jobs()
    assert len(letters) == 2
    post(aid.adele, "support_withdraw", aid.grant.id)
    assert post(aid.adele, "support_renew", aid.grant.id, duration="24", renewals=1).status_code == 409


def test_work_done_is_said_once_and_withdrawal_is_proposed(aid: Help, letters: list[dict[str, Any]]) -> None:
    for _ in range(2):
        assert post(aid.sam, "support_work_done", aid.grant.id).status_code == 302
    assert "indique avoir terminé son travail" in text(get(aid.adele, "support_sites", aid.site.number))
    assert stored(aid.grant).ended_at is None
    run_jobs()
    assert [letter["recipient"].id for letter in letters] == [aid.adele.id]
    assert post(aid.adele, "support_work_done", aid.grant.id).status_code == 404


def test_a_grant_of_no_use_any_more_is_proposed_for_withdrawal_once(aid: Help, letters: list[dict[str, Any]]) -> None:
    start = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
    with as_maintenance():
        idle = SupportGrantFactory.create(granted_at=start, expires_at=start + timedelta(days=30))
        busy = SupportGrantFactory.create(granted_at=start, expires_at=start + timedelta(days=30))
        Act.objects.create(
            at=start + timedelta(days=2), site_id=busy.site_id, actor_name="x", code="member.edited", object_kind="x", object_id="x",
            details={"grant": str(busy.id)},
        )  # fmt: skip
    for hours in (71, 73, 97):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            tasks.follow_support_grants(timestamp=0)
            run_jobs()
        about = [letter for letter in letters if "n’a rien fait" in letter["text"]]
        assert [letter["recipient"].id for letter in about] == ([] if hours == 71 else [idle.granted_by_id])


# --- The support acts -------------------------------------------------------------------------------------------------
def test_a_delegate_enters_by_the_sites_confided_to_her_own(aid: Help) -> None:
    page = text(get(aid.sam, "support_entrusted", aid.support.number))
    assert "CH du Bourg" in page
    assert reverse("directory:members", args=[aid.site.number]) in page
    console = text(get(aid.sam, "members", aid.support.number))
    assert "Sites confiés" in console
    with as_maintenance():
        user = member(aid.support)
        eve = member(aid.other, Role.ADMIN)
    for other in (user, eve):
        assert get(other, "support_entrusted", aid.support.number).status_code == 404
    assert get(eve, "support_entrusted", aid.other.number).status_code == 404, "a hospital helps nobody"


def test_a_banner_says_for_whom_on_every_page_of_the_site(aid: Help) -> None:
    with as_maintenance():
        service = ServiceFactory.create(site=aid.site)
    client = signed_in_client(aid.sam)
    said = "Vous agissez pour <strong>CH du Bourg</strong> au nom de Aide Éclair"
    for address in (
        reverse("directory:members", args=[aid.site.number]),
        reverse("directory:member_add", args=[aid.site.number]),
        reverse("directory:member", args=[aid.claire.id]),
    ):
        page = text(client.get(address))
        assert said in page, address
        assert f'data-live-topic="grant:{aid.grant.id}"' in page
    assert said in text(client.post(reverse("directory:members_deactivate", args=[aid.site.number]), {"membre": str(aid.claire.id)}))
    for address in ("/", reverse("directory:members", args=[aid.support.number])):
        assert said not in text(client.get(address)), address
    assert said not in text(get(aid.adele, "members", aid.site.number))
    assert service.site_id == aid.site.id


def test_each_act_is_signed_and_read_by_the_site(aid: Help) -> None:
    answer = post(aid.sam, "member_edit", aid.claire.id, first_name="Claire", last_name="Moreau", function="Directrice", revision=1)
    assert answer.status_code == 302
    act = latest_act()
    assert (act.code, act.actor_name, act.site_id) == ("member.edited", "Sam Petit (support Aide Éclair)", aid.site.id)
    assert (act.details["grant"], act.details["support"]) == (str(aid.grant.id), str(aid.support.id))
    with as_maintenance():
        record_act(
            None,
            "invitation.expired",
            site_id=aid.site.id,
            space_id=None,
            object_kind="membership",
            object_id="x",
            object_name="Autre Acte",
        )
    journal = text(get(aid.adele, "journal", aid.site.number, par="support"))
    assert "Sam Petit (support Aide Éclair)" in journal
    assert "pour CH du Bourg" in journal
    assert "Autre Acte" not in journal
    assert "Autre Acte" in text(get(aid.adele, "journal", aid.site.number))
    record = text(get(aid.adele, "member", aid.claire.id))
    assert "Sam Petit (support Aide Éclair)" in record
    export = signed_in_client(aid.adele).post(reverse("directory:journal_export", args=[aid.site.number]) + "?par=support").content.decode()
    assert "Sam Petit (support Aide Éclair) a modifié" in export
    assert "pour CH du Bourg" in export.replace("\u00a0", " ")
    assert "Autre Acte" not in export
    assert latest_act().code == "journal.exported"
    post(aid.adele, "support_withdraw", aid.grant.id)
    own = signed_in_client(aid.sam).get(reverse("journal:own"), {"par": "support"})
    assert "pour CH du Bourg" in text(own), "her acts stay hers to read"


def test_acts_for_ones_own_site_are_signed_plainly(aid: Help) -> None:
    with acting_as(aid.sam) as actor:
        assert signature(actor, aid.support.id) == "Sam Petit"
        assert signature(actor, aid.other.id) == "Sam Petit"
        assert signature(actor, None) == "Sam Petit"


def test_a_delegate_invites_in_the_name_of_both_and_the_link_outlives_the_grant(aid: Help, letters: list[dict[str, Any]]) -> None:
    fields = {"email": "neuve@chu.example", "first_name": "Neuve", "last_name": "Venue", "function": "", "roles": ["user"]}
    assert post(aid.sam, "member_add", aid.site.number, **fields).status_code == 302
    assert "Sam Petit (support Aide Éclair) vous invite" in letters[-1]["text"]
    token = letters[-1]["text"].split("/invitation/")[1].split("/")[0]
    post(aid.adele, "support_withdraw", aid.grant.id)
    assert invitations.open_link(token).site_id == aid.site.id
    with as_maintenance():
        Membership.objects.filter(user=aid.sam).update(is_active=False)
        User.objects.filter(id=aid.sam.id).update(is_active=False)
    with pytest.raises(invitations.DeadLink):
        invitations.open_link(token)


def test_a_delegate_invites_no_administrator_and_none_of_her_own(aid: Help) -> None:
    with as_maintenance():
        colleague = member(aid.support)
    fields: dict[str, Any] = {"first_name": "Neuve", "last_name": "Venue", "function": ""}
    assert post(aid.sam, "member_add", aid.site.number, email="a@chu.example", roles=["admin"], **fields).status_code == 422
    for address in (aid.sam.email, colleague.email):
        answer = post(aid.sam, "member_add", aid.site.number, email=address, roles=["user"], **fields)
        assert answer.status_code == 422
        assert "sans jamais en devenir utilisateur" in text(answer)
    with acting_as(aid.sam) as actor, pytest.raises(NotAllowed):
        invitations.invite(actor, site_id=aid.site.id, email="a@chu.example", roles=["admin"], **fields)
    with as_maintenance():
        assert not Invitation.objects.exists()


def test_a_delegate_reads_administrators_and_changes_nothing_of_them(aid: Help) -> None:
    with as_maintenance():
        head = Membership.objects.get(user=aid.adele)
    page = text(get(aid.sam, "member", head.id))
    assert "un support ne change ni sa fiche ni ses accès" in page
    assert "Enregistrer" not in page
    for name, fields in (
        ("member_edit", {"first_name": "A", "last_name": "B", "revision": 1}),
        ("member_access", {"roles": ["user"], "revision": 1}),
        ("member_deactivate", {}),
        ("member_resend", {}),
    ):
        assert post(aid.sam, name, head.id, **fields).status_code == 403, name
    with acting_as(aid.sam) as actor, pytest.raises(policies.BeyondTheGrant):
        member_actions.deactivate_member(actor, head.id)
    answer = post(aid.sam, "members_deactivate", aid.site.number, membre=[str(head.id), str(aid.claire.id)], confirmed="1")
    assert answer.status_code == 302
    with as_maintenance():
        assert Membership.objects.get(id=head.id).is_active
        assert not Membership.objects.get(id=aid.claire.id).is_active


def test_a_delegate_does_what_an_administrator_does(aid: Help) -> None:
    with as_maintenance():
        service = ServiceFactory.create(site=aid.site)
    fields = {"roles": ["user", "referent"], "services": [str(service.id)], "habilitations": ["documents.read"], "revision": 1}
    assert post(aid.sam, "member_access", aid.claire.id, **fields).status_code == 302
    with as_maintenance():
        claire = Membership.objects.get(id=aid.claire.id)
        assert claire.roles == ["user", "referent"]
        assert list(Service.objects.filter(servicemembership__membership=claire)) == [service]
        assert Habilitation.objects.filter(membership=claire, code="documents.read").exists()
    assert post(aid.sam, "member_access", aid.claire.id, **(fields | {"roles": ["admin"], "revision": 2})).status_code in (403, 422)
    assert post(aid.sam, "member_deactivate", aid.claire.id).status_code == 302
    assert post(aid.sam, "member_deactivate", aid.claire.id, reactivate="1").status_code == 302
    assert "Moreau" in post(aid.sam, "members_export", aid.site.number).content.decode()
    for words in ("moreau", "moraeu"):
        assert [row.last_name for row in _sought(aid, words)] == ["Moreau"], words


def _sought(aid: Help, words: str) -> Any:
    from vigie.directory import member_queries

    with acting_as(aid.sam):
        return member_queries.members_page(aid.site, member_queries.MemberFilters(words=words), member_queries.Position()).rows


def test_a_grant_to_read_shows_and_refuses_with_the_reason(aid: Help) -> None:
    with as_maintenance():
        grant = SupportGrantFactory.create(capabilities=["users.read"])
        sam, claire = member(grant.support_site, Role.ADMIN), MembershipFactory.create(site=grant.site)
    number = grant.site.number
    page = text(get(sam, "members", number))
    assert claire.last_name in page
    for button in ("Ajouter une personne", "Désactiver…"):
        assert button not in page
    assert "permet de lire cette fiche" in text(get(sam, "member", claire.id))
    assert "La délégation de ce site" in text(get(sam, "member_add", number))
    for answer in (
        get(sam, "member_add", number),
        post(sam, "member_edit", claire.id),
        post(sam, "member_access", claire.id),
        post(sam, "member_deactivate", claire.id),
        post(sam, "member_resend", claire.id),
        post(sam, "members_deactivate", number),
        post(sam, "members_resend", number),
        post(sam, "members_services", number),
    ):
        assert answer.status_code == 403
    with acting_as(sam) as actor:
        assert not actor.exercised
        policies.may_open_console(actor, grant.site_id)
        assert [one.id for one in actor.exercised] == [grant.id]


def test_a_delegate_neither_sees_nor_touches_factors_and_sessions(aid: Help) -> None:
    page = text(get(aid.sam, "member", aid.claire.id))
    assert "Authentification forte" not in page
    assert "Authentification forte" in text(get(aid.adele, "member", aid.claire.id))
    client = signed_in_client(aid.claire.user)  # type: ignore[arg-type] # she has an account
    post(aid.sam, "member_sessions_end", aid.claire.id)
    assert client.get("/").status_code == 200
    for act in (factor_actions.reset_factors, factor_actions.end_member_sessions):
        with acting_as(aid.sam) as actor, pytest.raises(NotAllowed):
            act(actor, aid.claire.id)


def test_a_list_that_a_delegate_exported_goes_with_the_grant(aid: Help) -> None:
    with as_maintenance():
        errand = Errand.objects.create(
            owner=aid.sam, kind="members.export", submission=uuid4(), state="done", expires_at=timezone.now() + timedelta(days=1),
            about={"site": aid.site.number}, file_name="utilisateurs.csv", file_type="text/csv",
        )  # fmt: skip
    files.write(errand.id, b"Nom")
    client, address = signed_in_client(aid.sam), reverse("errand_file", args=[errand.id])
    assert client.get(address).content == b"Nom"
    post(aid.adele, "support_withdraw", aid.grant.id)
    assert client.get(address).status_code == 404


def test_an_operator_who_helps_acts_as_operator(aid: Help) -> None:
    with as_maintenance():
        MembershipFactory.create(user=aid.sam, site=aid.other, roles=["operator"])
    with acting_as(aid.sam) as actor:
        assert not policies.is_delegate(actor, aid.site.id)
        assert signature(actor, aid.site.id) == "Sam Petit"


# --- Cost -------------------------------------------------------------------------------------------------------------
def statements(user: User, name: str, number: str) -> int:
    client = signed_in_client(user)
    address = reverse(f"directory:{name}", args=[number])
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_pages_cost_as_many_statements_with_thirty_grants_as_with_one(aid: Help, steady_matrix: None) -> None:
    def cost() -> tuple[int, ...]:
        return (
            statements(aid.adele, "support_sites", aid.site.number),
            statements(aid.adele, "journal", aid.site.number),
            statements(aid.sam, "support_entrusted", aid.support.number),
            statements(aid.sam, "members", aid.site.number),
        )

    post(aid.sam, "member_edit", aid.claire.id, first_name="Claire", last_name="Moreau", function="x", revision=1)
    with as_maintenance():
        SupportGrantFactory.create(site=aid.site, granted_by=aid.adele, granted_at=timezone.now() - timedelta(days=2))
    few = cost()
    with as_maintenance():
        for _ in range(30):
            SupportGrantFactory.create(site=aid.site, granted_by=aid.adele)
            SupportGrantFactory.create(support_site=aid.support)
            MembershipFactory.create(site=aid.site)
        for revision in range(30):
            Act.objects.create(
                at=timezone.now(), site_id=aid.site.id, actor_id=aid.sam.id, actor_name=f"Sam {revision}", code="member.edited",
                object_kind="membership", object_id="x", details={"grant": str(aid.grant.id), "support": str(aid.support.id)},
            )  # fmt: skip
    assert cost() == few


def test_the_opening_of_a_request_stays_one_statement(aid: Help) -> None:
    with CaptureQueriesContext(connection) as queries, scope.entered(scope.NOTHING):
        before = len(queries)
        from vigie.directory.entry import enter_as

        assert enter_as(aid.sam.id) is not None
        assert len(queries) - before == 1


def test_a_grant_is_unseen_by_whoever_is_of_neither_site(aid: Help) -> None:
    with as_maintenance():
        eve = member(aid.other, Role.ADMIN)
    with acting_as(eve) as actor:
        for act in (support_actions.withdraw_support, support_actions.say_work_is_done):
            with pytest.raises(Unseen):
                act(actor, aid.grant.id)
