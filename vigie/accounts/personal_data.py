"""What accounts hold about a person, and never what proves who she is."""

from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _

from vigie.accounts.devices import browser_name
from vigie.accounts.models import KnownDevice, TermsAcceptance, TrustedNetwork, User
from vigie.foundation import personal_data
from vigie.foundation.personal_data import Row, Section


def register() -> None:
    personal_data.register("account", Section(_("Mon compte"), _ACCOUNT, _account))
    personal_data.register("factors", Section(_("Mes facteurs, sans leurs secrets"), _FACTORS, _factors))
    personal_data.register("identities", Section(_("Mes identités liées"), _IDENTITIES, _identities))
    personal_data.register("networks", Section(_("Mes réseaux de confiance"), _NETWORKS, _networks))
    personal_data.register("sessions", Section(_("Mes sessions ouvertes"), _SESSIONS, _sessions))
    personal_data.register("devices", Section(_("Mes appareils connus"), _DEVICES, _devices))
    personal_data.register("terms", Section(_("Conditions d’utilisation acceptées"), _TERMS, _terms))


_ACCOUNT = {
    "email": _("Adresse électronique"),
    "first_name": _("Prénom"),
    "last_name": _("Nom"),
    "phone": _("Téléphone"),
    "secure_address": _("Adresse MSSanté"),
    "language": _("Langue"),
    "time_zone": _("Fuseau horaire"),
    "theme": _("Apparence"),
    "is_active": _("Compte actif"),
    "created_at": _("Créé le"),
    "last_login": _("Dernière connexion"),
}
_FACTORS = {"type": _("Sorte"), "name": _("Nom"), "created_at": _("Ajouté le"), "last_used_at": _("Dernier usage")}
_IDENTITIES = {
    "provider": _("Fournisseur"),
    "identifier": _("Identifiant"),
    "linked_at": _("Liée le"),
    "last_login": _("Dernière connexion"),
}
_NETWORKS = {"name": _("Nom"), "network": _("Plage d’adresses"), "expires_at": _("Jusqu’au"), "granted_by": _("Accordée par")}
_SESSIONS = {"browser": _("Appareil"), "address": _("Adresse IP"), "opened_at": _("Ouverte le"), "last_seen_at": _("Dernière activité")}
_DEVICES = {"first_seen_at": _("Vu la première fois le"), "last_seen_at": _("Vu la dernière fois le")}
_TERMS = {"version": _("Version"), "accepted_at": _("Acceptée le"), "address": _("Adresse IP")}


def _account(user: User) -> Iterator[Row]:
    yield [getattr(user, name) for name in _ACCOUNT]


def _factors(user: User) -> Iterator[Row]:
    for factor in Authenticator.objects.filter(user=user).order_by("created_at"):
        data: dict[str, Any] = factor.data
        yield [str(factor.type), str(data.get("name", "")), factor.created_at, factor.last_used_at]


def _identities(user: User) -> Iterator[Row]:
    for identity in SocialAccount.objects.filter(user=user).order_by("date_joined"):
        yield [identity.provider, identity.uid, identity.date_joined, identity.last_login]


def _networks(user: User) -> Iterator[Row]:
    for network in TrustedNetwork.objects.filter(user=user).order_by("created_at"):
        yield [network.name, network.network, network.expires_at, network.granted_by_name]


def _sessions(user: User) -> Iterator[Row]:
    for session in UserSession.objects.filter(user_id=user.pk).order_by("created_at"):
        yield [browser_name(session.user_agent), session.ip, session.created_at, session.last_seen_at]


def _devices(user: User) -> Iterator[Row]:
    yield from KnownDevice.objects.filter(user=user).order_by("first_seen_at").values_list("first_seen_at", "last_seen_at")


def _terms(user: User) -> Iterator[Row]:
    accepted = TermsAcceptance.objects.filter(user=user).order_by("accepted_at")
    yield from accepted.values_list("terms__version", "accepted_at", "address")
