"""The journal of administrative acts, as those who may read it see it (PLA-42)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vigie.audit import acts
from vigie.audit.models import Act, Verification
from vigie.directory import policies
from vigie.directory.actors import Actor
from vigie.directory.keyset import Position, Slice, cut
from vigie.directory.models import Site, SupportGrant
from vigie.foundation.errors import NotAllowed, Unseen
from vigie.foundation.text import clean_line

MOST_SOUGHT = 100
_AT_A_TIME = 1000
_OF_ITS_ADMINISTRATORS = _(
    "Le journal d’un site est lu par ses administrateurs. Celui de la plateforme est dans l’onglet « Journal » de sa console."
)


@dataclass(frozen=True, slots=True)
class Journal:
    """One way into the journal: of a site, of the platform, of oneself."""

    acts: QuerySet[Act]
    site: Site | None = None
    is_own: bool = False


def own_journal(actor: Actor) -> Journal:
    """Return her own acts and those about her."""
    if not policies.may_audit_herself(actor):
        raise Unseen
    return Journal(Act.objects.filter(Q(actor_id=actor.id) | Q(subject_id=actor.id)), is_own=True)


def site_journal(actor: Actor, number: str) -> Journal:
    """Return the acts in the name of a site; Unseen, exactly as if it did not exist, for whoever may not read them."""
    site = Site.objects.with_cards().filter(number=number).first()
    if site is None:
        raise Unseen
    if not policies.may_audit_site_acts(actor, site.id):
        raise NotAllowed(_OF_ITS_ADMINISTRATORS) if policies.is_operator(actor) else Unseen
    return Journal(Act.objects.filter(site_id=site.id), site=site)


def platform_journal(actor: Actor) -> Journal:
    """Return the acts in the name of the platform."""
    if not policies.may_audit_platform(actor):
        raise Unseen
    return Journal(Act.objects.filter(site_id=None))


# --- Filters ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ActFilters:
    """What narrows the journal; nonsense is ignored."""

    words: str = ""
    family: str = ""
    since: str = ""
    until: str = ""
    about: str = ""
    """« membership:018f… »: all the acts on one thing."""
    by_support: bool = False
    """What support sites did under a grant (SEA-3)."""

    @property
    def active(self) -> bool:
        return any((self.words, self.family, self.since, self.until, self.about, self.by_support))

    @property
    def first_day(self) -> date | None:
        return _day(self.since)

    @property
    def last_day(self) -> date | None:
        return _day(self.until)

    def narrow(self, found: QuerySet[Act]) -> QuerySet[Act]:
        if words := clean_line(self.words)[:MOST_SOUGHT].split():
            found = found.alias(names=Func(Concat("actor_name", Value(" "), "object_name"), function="plain", output_field=TextField()))
        for word in words:
            found = found.filter(
                names__contains=Func(  # type: ignore[misc] # annotated above
                    Value(word), function="plain", output_field=TextField()
                )
            )
        if self.family and (codes := acts.codes_of(self.family)):
            found = found.filter(code__in=codes)
        if (day := self.first_day) is not None:
            found = found.filter(at__gte=_midnight(day))
        if (day := self.last_day) is not None:
            found = found.filter(at__lt=_midnight(day + timedelta(days=1)))
        if self.by_support:
            found = found.filter(details__has_key="grant")
        if self.about:
            kind, _colon, identifier = self.about.partition(":")
            found = found.filter(object_kind=kind, object_id=identifier)
        return found


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    """Return the beginning of a day, where the reader is."""
    return timezone.make_aware(datetime.combine(day, time.min))


# --- Pages -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ActView:
    """One act, told."""

    at: datetime
    sentence: SafeString
    details: Sequence[str]
    family: str | Promise
    site: str
    about: str
    """What `ActFilters.about` takes to show all the acts on the same thing."""


def journal_page(journal: Journal, filters: ActFilters, position: Position) -> tuple[Slice[Act], list[ActView]]:
    """Return a page of acts, the latest first."""
    page = cut(filters.narrow(journal.acts), ("at", "id"), position, descending=True)
    return page, [_told(act, names) for names in [_site_names(journal, page.rows)] for act in page.rows]


def exported_acts(journal: Journal, filters: ActFilters) -> Iterator[tuple[datetime, str, str, str, str]]:
    """Return all that the filters leave: date, sentence, details, kind, site; the latest first."""
    labels = dict(acts.families())
    sites = _all_sites() if journal.site is None else {journal.site.id: journal.site.name}
    for act in filters.narrow(journal.acts).order_by("-at", "-id").iterator(_AT_A_TIME):
        kind = acts.declared().get(act.code)
        told = acts.plain_sentence(act.code, actor=act.actor_name, object_name=act.object_name, details=act.details)
        family = str(labels[kind.family]) if kind else act.code
        yield act.at, told, " ; ".join(_details(act, sites)), family, sites.get(act.site_id, "") if act.site_id else ""


def _told(act: Act, sites: dict[UUID, str]) -> ActView:
    kind = acts.declared().get(act.code)
    return ActView(
        at=act.at,
        sentence=acts.sentence(act.code, actor=act.actor_name, object_name=act.object_name, details=act.details),
        details=_details(act, sites),
        family=dict(acts.families()).get(kind.family, "") if kind else "",
        site=sites.get(act.site_id, "") if act.site_id else "",
        about=f"{act.object_kind}:{act.object_id}",
    )


def _site_names(journal: Journal, shown: Sequence[Act]) -> dict[UUID, str]:
    if journal.site is not None:
        return {journal.site.id: journal.site.name}
    if not journal.is_own:
        return {}
    names = dict(Site.objects.filter(id__in={act.site_id for act in shown if act.site_id}).values_list("id", "name"))
    if helped := {act.site_id for act in shown if act.site_id and "grant" in act.details}:
        # A site that she helped is not hers to read any more: its grant bears its name.
        names = dict(SupportGrant.objects.filter(site__in=helped).values_list("site_id", "site_name")) | names
    return names


def _all_sites() -> dict[UUID, str]:
    return dict(SupportGrant.objects.values_list("site_id", "site_name")) | {site.id: site.name for site in Site.objects.all()}


def _details(act: Act, sites: dict[UUID, str]) -> list[str]:
    """Return what an act changed, after the site for which a support did it."""
    told = acts.told_details(act.details)
    name = sites.get(act.site_id, "") if act.site_id and "grant" in act.details else ""
    return [gettext("pour %(site)s") % {"site": name}, *told] if name else told


# --- The chain -------------------------------------------------------------------------------------------------------
def last_verification() -> Verification | None:
    """Return what the last reading of the chains found; operators alone see it."""
    return Verification.objects.order_by("-id").first()
