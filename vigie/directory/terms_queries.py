"""What operators read of the terms of use: the versions, the draft, who accepted what and when (ACC-13)."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Func, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Concat

from vigie.accounts.models import TermsAcceptance, TermsDraft, TermsOfUse, User
from vigie.directory.keyset import Position, Slice, cut
from vigie.directory.models import Membership
from vigie.foundation.errors import Unseen
from vigie.foundation.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SOUGHT = 100


@dataclass(frozen=True, slots=True)
class TermsView:
    """One version."""

    version: int
    published_at: datetime
    accepted: int
    is_in_force: bool


def versions() -> list[TermsView]:
    """Return all versions, the latest first, in one statement."""
    accepted = TermsAcceptance.objects.filter(terms=OuterRef("pk")).order_by().values("terms").annotate(count=Count("pk"))
    found = list(
        TermsOfUse.objects.annotate(accepted=Coalesce(Subquery(accepted.values("count")), 0))
        .order_by("-version")
        .values_list("version", "published_at", "accepted")
    )
    return [TermsView(*values, is_in_force=position == 0) for position, values in enumerate(found)]


def draft() -> TermsDraft | None:
    return TermsDraft.objects.first()


def terms_of(version: int) -> TermsOfUse:
    """Return a version; Unseen when it does not exist."""
    found = TermsOfUse.objects.filter(version=version).first()
    if found is None:
        raise Unseen
    return found


def latest() -> TermsOfUse | None:
    return TermsOfUse.objects.order_by("-version").first()


def people_to_ask() -> int:
    """Return how many people will be asked: those whose account and a membership are in force."""
    return User.objects.filter(is_active=True, pk__in=Membership.objects.in_force().values("user")).count()


def acceptances(*, words: str, version: int | None, position: Position) -> Slice[TermsAcceptance]:
    """Return a page of acceptances, the latest first; `words` are of names and addresses, without case or accents."""
    found = TermsAcceptance.objects.select_related("user", "terms")
    if version is not None:
        found = found.filter(terms__version=version)
    sought: Sequence[str] = clean_line(words)[:MOST_SOUGHT].split()
    if sought:
        names = Concat("user__last_name", Value(" "), "user__first_name", Value(" "), "user__email", output_field=TextField())
        found = found.alias(names=Func(names, function="plain", output_field=TextField()))
    for word in sought:
        plain = Func(Value(word), function="plain", output_field=TextField())
        found = found.filter(names__contains=plain)  # type: ignore[misc] # annotated above
    return cut(found, ("accepted_at", "id"), position, descending=True)
