"""Ranges of addresses that count as a second factor (ACC-1, ACC-15; docs/adr/0025).

A place is weak proof: everybody there has it. So a range is narrow, ends, is granted by the operator alone, never helps
an administrator or an operator, and never opens health data (`strength.strong_session`).
"""

from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vigie.accounts.models import TrustedNetwork, User
from vigie.foundation.errors import Invalid

LONGEST_GRANT: Final = timedelta(days=366)
_NARROWEST_PRIVATE: Final = 24
"""A workstation network inside a hospital. Behind its translation router it is not shared with others."""
_NARROWEST_PUBLIC: Final = 28
"""What a site has as addresses towards the Internet; a wider public range soon holds somebody else."""
_NARROWEST_SIX: Final = 56
"""What a provider gives to one site (RIPE-690)."""
_PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))

Network = IPv4Network | IPv6Network


def client_address(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    """Return where a request comes from, as far as trusted proxies say; an IPv4 address always in its own form."""
    try:
        address = ip_address(get_adapter().get_client_ip(request))
    except (PermissionDenied, ValueError):
        return None
    return getattr(address, "ipv4_mapped", None) or address


def network_around(user: User, address: IPv4Address | IPv6Address | None) -> UUID | None:
    """Return the range that counts for this person at this address now. The scope must be hers.

    A password chosen with an e-mail code is not helped by a place: an open mailbox is often found there.
    """
    if address is None or user.is_password_from_email:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_network_around(%s, %s::inet, %s)", [user.pk, str(address), timezone.now()])
        row = cursor.fetchone()
    return row[0] if row else None


def networks_of(user: User) -> list[TrustedNetwork]:
    """Return her ranges, those that end last first; the scope must be hers or the platform's."""
    return list(TrustedNetwork.objects.filter(user=user).order_by("-expires_at", "pk"))


def read_network(text: str) -> Network:
    """Return the range that somebody typed, in its one form. Raises Invalid, with what to type instead."""
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise _refusal(_("Écrivez une plage d’adresses, par exemple 203.0.113.16/28 ou 2001:db8:12::/56.")) from error
    if network.is_multicast or network.is_unspecified or network.is_loopback or network.is_link_local:
        raise _refusal(_("Ces adresses ne désignent pas un lieu."))
    if isinstance(network, IPv6Network):
        if network.prefixlen < _NARROWEST_SIX:
            raise _refusal(_("Cette plage est trop large : /56 au moins en IPv6."))
    elif any(network.subnet_of(private) for private in _PRIVATE):
        if network.prefixlen < _NARROWEST_PRIVATE:
            raise _refusal(_("Cette plage est trop large : /24 au moins pour des adresses privées."))
    elif network.prefixlen < _NARROWEST_PUBLIC:
        raise _refusal(_("Cette plage est trop large : /28 au moins pour des adresses publiques."))
    return network


def check_end(expires_at: datetime) -> None:
    """Refuse an end that is past or further than a year."""
    now = timezone.now()
    if expires_at <= now:
        raise Invalid({"expires_on": _("Choisissez un jour à venir.")})
    if expires_at > now + LONGEST_GRANT:
        raise Invalid({"expires_on": _("Choisissez une fin à moins d’un an : le lieu et la personne changent.")})


def _refusal(reason: Promise) -> Invalid:
    return Invalid({"network": reason})
