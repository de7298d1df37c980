"""Client certificates (CPS and CPE cards), checked by the reverse proxy and told in a header (ACC-3)."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest

_SUBJECT: Final = re.compile(r"[^\s,\x00-\x1f](?:[^,\x00-\x1f]{0,189}[^\s,\x00-\x1f])?")
"""No comma: it is how a header that was sent twice reads."""


@dataclass(frozen=True, kw_only=True)
class ClientCertificates:
    """Which header is believed, from whom, and how much it proves."""

    header: str
    proxies: tuple[IPv4Network | IPv6Network, ...]
    are_two_factors: bool


def certified_subject(request: HttpRequest) -> str:
    """Return the subject of the certificate that the reverse proxy has checked; empty when there is none.

    The header counts only if the connection itself comes from a configured proxy: `X-Forwarded-For` has no say.
    """
    configured: ClientCertificates | None = settings.VIGIE_CLIENT_CERTIFICATES
    if configured is None:
        return ""
    subject = request.headers.get(configured.header, "").strip()
    try:
        peer = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return ""
    if not _SUBJECT.fullmatch(subject) or not any(peer in network for network in configured.proxies):
        return ""
    return subject
