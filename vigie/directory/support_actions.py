"""A site lends its administration to a support site, and takes it back (SEA-1, SEA-2). Each function is one transaction.

Both sides are told by mail. A grant ends by itself: each request asks the clock, and a job writes the end down.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.audit.actions import record_act
from vigie.audit.models import Act
from vigie.directory import policies, support_queries
from vigie.directory.actors import Actor
from vigie.directory.models import GrantedCapability, GrantEnd, Site, SupportGrant, SupportPurpose
from vigie.directory.policies import access_grant
from vigie.foundation import jobs, live, scope
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, NotAllowed, Unseen
from vigie.foundation.scope import Scope
from vigie.foundation.text import clean_line

DEFAULT: Final = timedelta(hours=8)
LONGEST: Final = timedelta(days=90)
LONGEST_NOTE: Final = 300
IDLE: Final = timedelta(days=3)
"""A grant under which nothing was done for so long is proposed for withdrawal."""


class NotASupportSite(Invalid):
    def __init__(self) -> None:
        super().__init__({"support_site": _("Ce site n’est pas une organisation de support. Cherchez-le de nouveau par son nom.")})


class AlreadyGranted(DomainError):
    message = _("Ce site de support a déjà une délégation en cours. Renouvelez-la, ou retirez-la pour en accorder une autre.")


class GrantOver(DomainError):
    message = _("Cette délégation est terminée. Accordez-en une nouvelle si le travail doit continuer.")


class RenewedMeanwhile(ChangedMeanwhile):
    message = _("Cette délégation vient d’être renouvelée par quelqu’un d’autre. Relisez sa nouvelle échéance avant de la changer.")


@transaction.atomic
def grant_support(
    actor: Actor,
    site_id: UUID,
    *,
    submission: UUID,
    support_number: str,
    purpose: str,
    note: str,
    capabilities: Collection[str],
    until: datetime,
) -> SupportGrant:
    """Let the administrators of a support site administer this one. The same `submission` grants once."""
    site = Site.objects.filter(id=site_id).first()
    if site is None or not policies.may_withdraw_support(actor, site_id):
        raise Unseen
    if not policies.may_grant_support(actor, site_id):
        raise NotAllowed(_("Seul un administrateur du site peut confier son administration à un support."))
    if (known := SupportGrant.objects.filter(id=submission, site=site).first()) is not None:
        return known
    helper = support_queries.support_site(support_number)
    if helper is None or helper.id == site.id:
        raise NotASupportSite
    now = timezone.now()
    note = clean_line(note)
    _check(purpose=purpose, note=note, capabilities=capabilities, until=until, now=now)
    # The job that writes ends down may not have come by yet.
    if (over := SupportGrant.objects.filter(site=site, support_site=helper.id, ended_at=None, expires_at__lte=now).first()) is not None:
        _write_due_end(over)
    try:
        with transaction.atomic():
            grant = SupportGrant.objects.create(
                id=submission,
                site=site,
                support_site_id=helper.id,
                purpose=purpose,
                note=note,
                capabilities=[str(one) for one in GrantedCapability if one in capabilities or one is GrantedCapability.USERS_READ],
                granted_by=actor.user,
                granted_by_name=actor.name,
                granted_at=now,
                expires_at=until,
            )
    except IntegrityError as error:
        raise AlreadyGranted from error
    grant.refresh_from_db()
    _record(actor, grant, "support.granted", capabilities=grant.capabilities, purpose=purpose, until=until.isoformat())
    _tell(grant, "granted")
    return grant


@transaction.atomic
def renew_support(actor: Actor, grant_id: UUID, *, until: datetime, renewals: int) -> SupportGrant:
    """Give a grant in force another end, on purpose. `renewals` is what the writer had read."""
    grant = _to_write(actor, grant_id, needs_to_renew=True)
    now = timezone.now()
    if not grant.is_in_force(now):
        raise GrantOver
    if renewals != grant.renewals:
        raise RenewedMeanwhile
    _check_end(until, now)
    grant.expires_at = until
    grant.renewed_at = now
    grant.renewals += 1
    grant.work_done_at = grant.reminded_at = None
    grant.save(update_fields=["expires_at", "renewed_at", "renewals", "work_done_at", "reminded_at"])
    _record(actor, grant, "support.renewed", until=until.isoformat())
    _tell(grant, "renewed")
    return grant


@transaction.atomic
def withdraw_support(actor: Actor, grant_id: UUID) -> SupportGrant:
    """End a grant at once: the next request of those who used it finds nothing, and their open pages close (SEA-1)."""
    grant = _to_write(actor, grant_id)
    now = timezone.now()
    if not grant.is_in_force(now):
        raise GrantOver
    _end(grant, GrantEnd.WITHDRAWN, at=now, by=actor.name)
    _record(actor, grant, "support.withdrawn")
    return grant


@transaction.atomic
def say_work_is_done(actor: Actor, grant_id: UUID) -> None:
    """The support site says that it needs the grant no more; the supported one is invited to withdraw it (SEA-2)."""
    access = access_grant(actor, grant_id)
    if not access.is_used_by_her:
        raise Unseen
    with connection.cursor() as cursor:
        cursor.execute("SELECT directory_support_work_done(%s, %s)", [grant_id, timezone.now()])
        is_first = bool(cursor.fetchone()[0])
    if is_first:
        _record(actor, access.grant, "support.work_done")
        _tell(access.grant, "work_done")


# --- What happens with time ------------------------------------------------------------------------------------------


@transaction.atomic
def end_expired(grant_id: UUID, *, at: datetime) -> bool:
    """Write the end of a grant whose time has passed, once. The scope is the platform's and holds the site."""
    grant = SupportGrant.objects.select_for_update(skip_locked=True).filter(id=grant_id, ended_at=None, expires_at__lte=at).first()
    if grant is None:
        return False
    _write_due_end(grant)
    return True


@transaction.atomic
def remind_idle(grant_id: UUID, *, at: datetime) -> bool:
    """Propose, once until it is renewed, to withdraw a grant under which nothing is done any more. The scope as above."""
    grant = SupportGrant.objects.select_for_update(skip_locked=True).in_force(at).filter(id=grant_id, reminded_at=None).first()
    if grant is None or (grant.renewed_at or grant.granted_at) > at - IDLE:
        return False
    if Act.objects.filter(site_id=grant.site_id, at__gt=at - IDLE, details__grant=str(grant.id)).exists():
        return False
    grant.reminded_at = at
    grant.save(update_fields=["reminded_at"])
    _tell(grant, "idle")
    return True


def topic_of(grant_id: UUID) -> str:
    """What open pages of a support site follow: they close when the grant ends."""
    return f"grant:{grant_id}"


def _to_write(actor: Actor, grant_id: UUID, *, needs_to_renew: bool = False) -> SupportGrant:
    access = access_grant(actor, grant_id)
    if not access.may_withdraw or (needs_to_renew and not access.may_renew):
        raise NotAllowed(_("Un administrateur du site retire et renouvelle ses délégations ; l’opérateur de la plateforme les retire."))
    # Those who may not write a grant cannot lock it either.
    return access_grant(actor, grant_id, lock=True).grant


def _end(grant: SupportGrant, end: GrantEnd, *, at: datetime, by: str = "") -> None:
    grant.ended_at = at
    grant.ended_by_name = by
    grant.end = end
    grant.save(update_fields=["ended_at", "ended_by_name", "end"])
    _tell(grant, "ended")
    live.publish(topics=[topic_of(grant.id)], kind="grant", id=grant.id)
    with scope.entered(Scope(site_ids=frozenset({grant.support_site_id}))):
        delegates = [administrator.id for administrator in support_queries.administrators_of(grant.support_site_id)]
    # Whatever else of the supported site their pages follow, a new stream asks again for.
    for delegate in delegates:
        live.publish_revocation(delegate)


def _write_due_end(grant: SupportGrant) -> None:
    """The clock has ended it already: say when, in the journal too."""
    _end(grant, GrantEnd.EXPIRED, at=grant.expires_at)
    _record(None, grant, "support.expired")


def _check(*, purpose: str, note: str, capabilities: Collection[str], until: datetime, now: datetime) -> None:
    problems = {}
    if purpose not in SupportPurpose.values:
        problems["purpose"] = _("Choisissez un motif.")
    elif purpose == SupportPurpose.OTHER and not note:
        problems["note"] = _("Précisez ce que le support doit faire.")
    if len(note) > LONGEST_NOTE:
        problems["note"] = _("Écrivez au plus 300 caractères.")
    if not set(capabilities) <= set(GrantedCapability.values):
        problems["capabilities"] = _("Choisissez parmi ce qui est proposé.")
    if problems:
        raise Invalid(problems)
    _check_end(until, now)


def _check_end(until: datetime, now: datetime) -> None:
    if until <= now:
        raise Invalid({"until": _("Choisissez une échéance à venir.")})
    if until > now + LONGEST:
        raise Invalid({"until": _("Une délégation dure au plus 90 jours. Vous pourrez la renouveler.")})


def _tell(grant: SupportGrant, event: str) -> None:
    jobs.defer(
        "directory.tell_support_grant",
        grant_id=grant.id,
        site_id=grant.site_id,
        support_site_id=grant.support_site_id,
        event=event,
        turn=grant.renewals,
    )


def _record(actor: Actor | None, grant: SupportGrant, code: str, **details: object) -> None:
    space_id = Site.objects.filter(id=grant.site_id).values_list("space_id", flat=True).first()
    record_act(
        actor,
        code,
        site_id=grant.site_id,
        space_id=space_id,
        object_kind="support_grant",
        object_id=grant.id,
        object_name=grant.support_name,
        details=details or None,
    )
