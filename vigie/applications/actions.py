"""What operators do with the territory's applications (ACC-42). Each function is one transaction: rights, rules, rows, journal."""

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from allauth.idp.oidc.models import Client, Token
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.applications import keys
from vigie.applications.models import Application, ApplicationSite, ClaimScope
from vigie.applications.policies import access_application, require_operator
from vigie.audit.actions import record_act
from vigie.directory.actors import Actor
from vigie.directory.models import Site
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid
from vigie.foundation.text import clean_line

if TYPE_CHECKING:
    from django.utils.functional import Promise

LONGEST_NAME: Final = 80
LONGEST_TEXT: Final = 160
LONGEST_ADDRESS: Final = 300
MOST_REDIRECTS: Final = 10
OPENID: Final = "openid"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PRINTED: Final = re.compile(r"[!-~]+")
_SECRET_BYTES: Final = 32
_REQUIRED: Final = _("Ce champ est obligatoire.")
_TAKEN: Final = _("Une application porte déjà ce nom.")


class ApplicationChangedMeanwhile(ChangedMeanwhile):
    message = _(
        "Cette application a changé pendant votre saisie. Relisez ce qui a changé, puis enregistrez de nouveau : "
        "rien de ce que vous avez saisi n’est perdu."
    )


class OutOfService(DomainError):
    message = _("Cette application est hors service : remettez-la en service, un nouveau secret lui sera donné.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFacts:
    """An application, as an operator states it. `sites` counts when it does not serve all of them."""

    name: str
    text: str
    address: str
    redirect_addresses: Collection[str]
    scopes: Collection[str] = ()
    serves_all: bool = False
    sites: Collection[UUID] = ()
    is_trusted: bool = False


@transaction.atomic
def register_application(actor: Actor, facts: ApplicationFacts) -> tuple[Application, str]:
    """Declare an application and put it in service; return it with its secret, which nobody can read again."""
    require_operator(actor)
    stated = _checked(facts, but=None)
    application = Application(client_id=secrets.token_hex(16), created_at=timezone.now())
    _store(application, stated)
    keys.ensure_key()
    secret = _open_client(application)
    _record(actor, application, "application.registered", claim_scopes=list(application.scopes))
    return application, secret


@transaction.atomic
def change_application(actor: Actor, application_id: UUID, facts: ApplicationFacts, *, revision: int) -> Application:
    """Declare it otherwise. When what it may know or whom it serves changes, people sign in again."""
    application = access_application(actor, application_id, lock=True)
    if application.revision != revision:
        raise ApplicationChangedMeanwhile
    stated = _checked(facts, but=application)
    served = frozenset(ApplicationSite.objects.filter(application=application).values_list("site_id", flat=True))
    now = {field.name: getattr(application, field.name) for field in fields(ApplicationFacts) if field.name != "sites"} | {"sites": served}
    changed = [field.name for field in fields(ApplicationFacts) if getattr(stated, field.name) != now[field.name]]
    if not changed:
        return application
    application.revision += 1
    _store(application, stated)
    if application.is_in_service:
        client = Client.objects.select_for_update().get(pk=application.client_id)
        describe(client, application)
        client.save()
        if set(changed) & {"redirect_addresses", "scopes", "serves_all", "sites", "is_trusted"}:
            Token.objects.filter(client=client).delete()
    _record(actor, application, "application.changed", fields=changed)
    return application


@transaction.atomic
def withdraw_application(actor: Actor, application_id: UUID) -> Application:
    """Put it out of service at once: its secret, its tokens and its tile die."""
    application = access_application(actor, application_id, lock=True)
    if not application.is_in_service:
        return application
    application.withdrawn_at = timezone.now()
    application.revision += 1
    application.save(update_fields=["withdrawn_at", "revision"])
    Client.objects.filter(pk=application.client_id).delete()
    _record(actor, application, "application.withdrawn")
    return application


@transaction.atomic
def restore_application(actor: Actor, application_id: UUID) -> tuple[Application, str]:
    """Put it in service again under the same identifier, with a new secret; an empty one when it was in service already."""
    application = access_application(actor, application_id, lock=True)
    if application.is_in_service:
        return application, ""
    application.withdrawn_at = None
    application.revision += 1
    application.save(update_fields=["withdrawn_at", "revision"])
    keys.ensure_key()
    secret = _open_client(application)
    _record(actor, application, "application.restored")
    return application, secret


@transaction.atomic
def renew_secret(actor: Actor, application_id: UUID) -> tuple[Application, str]:
    """Give it another secret; the former one, and all tokens, die at once."""
    application = access_application(actor, application_id, lock=True)
    if not application.is_in_service:
        raise OutOfService
    client = Client.objects.select_for_update().get(pk=application.client_id)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    client.set_secret(secret)
    client.save()
    Token.objects.filter(client=client).delete()
    _record(actor, application, "application.secret_renewed")
    return application, secret


@transaction.atomic
def renew_signing_key(actor: Actor) -> None:
    """Sign with another key from now on: after a suspicion, since keys are renewed without anybody's doing."""
    require_operator(actor)
    keys.renew_key()
    record_act(actor, "signing_key.renewed", site_id=None, space_id=None, object_kind="signing_key", object_id="")


def record_consent(actor: Actor, application: Application, scopes: Collection[str]) -> None:
    """Note in the journal that a person let an application know what these scopes say."""
    record_act(
        actor,
        "application.consented",
        site_id=None,
        space_id=None,
        object_kind="application",
        object_id=application.pk,
        object_name=application.name,
        subject_id=actor.id,
        details={"claim_scopes": sorted(scopes)},
    )


# --- Rules -----------------------------------------------------------------------------------------------------------
def _checked(facts: ApplicationFacts, *, but: Application | None) -> ApplicationFacts:
    name, text, address = clean_line(facts.name), clean_line(facts.text), facts.address.strip()
    redirects = list(dict.fromkeys(line.strip() for line in facts.redirect_addresses if line.strip()))
    sites = frozenset() if facts.serves_all else frozenset(facts.sites)
    wrong: Mapping[str, str | Promise] = {
        "name": _line_fault(name, LONGEST_NAME) or _name_fault(name, but=but),
        "text": _line_fault(text, LONGEST_TEXT),
        "address": _line_fault(address, LONGEST_ADDRESS) or _address_fault(address),
        "redirect_addresses": _redirects_fault(redirects),
        "scopes": "" if set(facts.scopes) <= set(ClaimScope.values) else _("Choisissez dans la liste."),
        "sites": _sites_fault(sites, serves_all=facts.serves_all),
    }
    if found := {field: message for field, message in wrong.items() if message}:
        raise Invalid(found)
    return ApplicationFacts(
        name=name,
        text=text,
        address=address,
        redirect_addresses=redirects,
        scopes=[scope for scope in ClaimScope.values if scope in facts.scopes],
        serves_all=facts.serves_all,
        sites=sites,
        is_trusted=facts.is_trusted,
    )


def _line_fault(text: str, longest: int) -> "str | Promise":
    if not text:
        return _REQUIRED
    return _("Écrivez au plus %(count)s caractères.") % {"count": longest} if len(text) > longest else ""


def _name_fault(name: str, *, but: Application | None) -> "str | Promise":
    others = Application.objects.filter(name__iexact=name)
    return _TAKEN if (others.exclude(pk=but.pk) if but is not None else others).exists() else ""


def _address_fault(address: str) -> "str | Promise":
    return "" if _is_safe(address) else _("Écrivez une adresse en https:// (http:// seulement vers localhost).")


def _redirects_fault(addresses: Collection[str]) -> "str | Promise":
    if not addresses:
        return _REQUIRED
    if len(addresses) > MOST_REDIRECTS:
        return _("Dix adresses au plus.")
    wrong = next((address for address in addresses if len(address) > LONGEST_ADDRESS or not _is_safe(address)), "")
    if not wrong:
        return ""
    return _("« %(address)s » n’est pas acceptable : une adresse complète en https:// (http:// seulement vers localhost), sans # ni *.") % {
        "address": wrong[:80]
    }


def _is_safe(address: str) -> bool:
    """Tell whether people may be sent there: TLS, or this very machine; nothing that two readers could read otherwise."""
    if not _PRINTED.fullmatch(address) or set(address) & set("#*\\<>\"'`{}|^;,"):
        return False
    try:
        parts: SplitResult = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None or parts.netloc != parts.netloc.lower():
        return False
    return address.startswith("https://") or (address.startswith("http://") and host in _LOOPBACK)


def _sites_fault(sites: Collection[UUID], *, serves_all: bool) -> "str | Promise":
    if serves_all:
        return ""
    if not sites:
        return _("Choisissez au moins un site, ou ouvrez l’application à tous.")
    return "" if Site.objects.filter(pk__in=sites).count() == len(sites) else _("Choisissez dans la liste.")


# --- Rows ------------------------------------------------------------------------------------------------------------
def _store(application: Application, stated: ApplicationFacts) -> None:
    for field in fields(ApplicationFacts):
        if field.name != "sites":
            setattr(application, field.name, getattr(stated, field.name))
    try:
        with transaction.atomic():
            application.save()
    except IntegrityError as error:
        # Two operators at once.
        raise Invalid({"name": _TAKEN}) from error
    ApplicationSite.objects.filter(application=application).exclude(site__in=stated.sites).delete()
    kept = set(ApplicationSite.objects.filter(application=application).values_list("site_id", flat=True))
    ApplicationSite.objects.bulk_create(ApplicationSite(application=application, site_id=site) for site in set(stated.sites) - kept)


def _open_client(application: Application) -> str:
    client = Client(id=application.client_id)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    client.set_secret(secret)
    describe(client, application)
    client.save(force_insert=True)
    return secret


def describe(client: Client, application: Application) -> None:
    """Write down what the protocol needs to know. Wildcards, other flows and other kinds of clients do not exist here."""
    client.name = application.name
    client.type = Client.Type.CONFIDENTIAL
    client.skip_consent = application.is_trusted
    client.set_scopes([OPENID, *application.scopes])
    client.set_redirect_uris(application.redirect_addresses)
    client.set_response_types([Client.ResponseType.CODE])
    client.set_grant_types([Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN])


def _record(actor: Actor, application: Application, code: str, **details: object) -> None:
    record_act(
        actor,
        code,
        site_id=None,
        space_id=None,
        object_kind="application",
        object_id=application.pk,
        object_name=application.name,
        details=details,
    )
