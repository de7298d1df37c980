"""The journal of administrative acts: appended, chained, and read again."""

from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from vigie.audit.actions import record_act
from vigie.audit.acts import sentence, told_details
from vigie.audit.models import Act, Link
from vigie.audit.tasks import link_acts
from vigie.foundation import scope
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
SPACE = UUID(int=1)


def acts(count: int, *, site: UUID | None = None) -> list[Act]:
    author = SimpleNamespace(id=uuid4(), name="Adèle Henry")
    return [
        record_act(author, "member.invited", site_id=site or uuid4(), space_id=SPACE, object_kind="membership", object_id=uuid4())
        for _ in range(count)
    ]


def test_acts_are_linked_once_in_order_and_the_chain_holds() -> None:
    written = acts(3)
    link_acts(0)
    link_acts(0)
    with as_maintenance():
        links = list(Link.objects.filter(chain=SPACE).order_by("position").values_list("position", "act_id"))
    assert links == [(place, act.id) for place, act in enumerate(written, start=1)]
    call_command("audit_verify")


@pytest.mark.parametrize("place", [2, 7])
def test_a_forged_or_misplaced_link_is_named(place: int) -> None:
    acts(1)
    link_acts(0)
    (forged,) = acts(1)
    with as_maintenance():
        Link.objects.create(act=forged, chain=SPACE, position=place, digest="0" * 64)
    with pytest.raises(CommandError, match=f"#{place}"):
        call_command("audit_verify")


@pytest.mark.parametrize("statement", ["UPDATE audit_act SET code = 'x'", "DELETE FROM audit_act"])
def test_nobody_changes_what_was_written(statement: str) -> None:
    acts(1)
    with as_maintenance(), pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_site_reads_its_own_acts_alone() -> None:
    site, other = uuid4(), uuid4()
    (mine,) = acts(1, site=site)
    acts(1, site=other)
    with scope.entered(Scope(site_ids=frozenset({site}))):
        assert list(Act.objects.values_list("id", flat=True)) == [mine.id]


def test_an_act_without_a_sentence_is_not_written() -> None:
    with pytest.raises(LookupError, match="no sentence"):
        record_act(None, "member.imagined", site_id=None, space_id=None, object_kind="membership", object_id=uuid4())


def test_a_sentence_escapes_the_names_it_holds() -> None:
    told = sentence("member.invited", actor="<b>Adèle</b>", object_name="Claire & Cie", details={"rows": "<i>"})
    assert told == "<strong>&lt;b&gt;Adèle&lt;/b&gt;</strong> a invité <strong>Claire &amp; Cie</strong>."


def test_what_changed_is_told_with_words() -> None:
    assert told_details({"roles": ["+referent", "-user"], "unknown": ["x"]}) == ["Rôles\u00a0: + Référent, − Utilisateur"]
