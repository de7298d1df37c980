"""Identities that others vouch for, linked to an account: (issuer, subject), a professional identifier.

They are allauth's `SocialAccount` rows: `provider` holds the issuer, `uid` the subject. Rows belong to their owner under
row-level security; whose they are is found by a function of the database that gives an identifier and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vigie.accounts.authentication import candidate, find_by_email
from vigie.accounts.models import User
from vigie.accounts.openid.configuration import OpenIDProvider
from vigie.foundation.errors import DomainError

NATIONAL_REGISTER: Final = "urn:oid:1.2.250.1.71.4.2.1"
"""The authority that assigns the identifiers of French health professionals (« 8 » followed by the RPPS number)."""
CERTIFICATE: Final = "urn:vigie:client-certificate"
"""The authority of subjects of client certificates: whoever the reverse proxy trusts."""
_LONGEST: Final = 191


class IdentityIsTaken(DomainError):
    """The identity opens another account."""

    message = _("Cette identité est déjà liée à un autre compte. Demandez à l’administrateur de votre site.")


@dataclass(frozen=True, slots=True)
class Asserted:
    """What a provider has proven of a person, reduced to what finds her account."""

    issuer: str
    subject: str
    identifier: str = ""
    """Her professional identifier, when the provider vouches for it."""
    verified_email: str = ""
    """Her address, when the provider says that it has verified it and is believed."""
    name: str = ""


def asserted_by(provider: OpenIDProvider, claims: Mapping[str, Any]) -> Asserted:
    """Return what of these checked claims may find an account."""
    email = claims.get("email")
    # A provider that says "true", in quotes, has not said true.
    is_verified = provider.trusts_email and claims.get("email_verified") is True and isinstance(email, str)
    identifier = claims.get(provider.identifier_claim) if provider.identifier_claim else None
    return Asserted(
        issuer=provider.issuer,
        subject=str(claims["sub"]),
        identifier=identifier.strip()[:_LONGEST] if isinstance(identifier, str) else "",
        verified_email=email if is_verified and isinstance(email, str) else "",
        name=str(claims.get("name") or ""),
    )


def owner_of(issuer: str, subject: str) -> UUID | None:
    """Return the identifier of the account to which this identity is linked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_find_by_identity(%s, %s)", [issuer, subject])
        row = cursor.fetchone()
    return row[0] if row else None


def person_behind(asserted: Asserted) -> User | None:
    """Return the account of this person and let the rest of the transaction read it; None if nobody invited her.

    The identity itself first, then the professional identifier, then the verified address. An account that is already
    linked to another subject of the same issuer is not found by its address: addresses pass from one person to another.
    """
    user = candidate(owner_of(asserted.issuer, asserted.subject))
    if user is None and asserted.identifier:
        user = candidate(owner_of(NATIONAL_REGISTER, asserted.identifier))
    if user is None and asserted.verified_email:
        user = candidate(find_by_email(asserted.verified_email))
        if user is not None and _holds_another(user, asserted):
            user = None
    return user


def link(user: User, asserted: Asserted) -> bool:
    """Link an identity to this account; return False if it was already. The scope must be hers.

    Raises:
        IdentityIsTaken: it, or the professional identifier it comes with, opens another account.

    """
    wanted = [(asserted.issuer, asserted.subject)]
    if asserted.identifier:
        wanted.append((NATIONAL_REGISTER, asserted.identifier))
    if any(owner_of(*identity) not in {None, user.pk} for identity in wanted):
        raise IdentityIsTaken
    details = {"name": asserted.name, "identifier": asserted.identifier}
    is_new = False
    try:
        with transaction.atomic():
            for issuer, subject in wanted:
                row, created = SocialAccount.objects.get_or_create(
                    user=user,
                    provider=issuer,
                    uid=subject,
                    defaults={"extra_data": {key: value for key, value in details.items() if value}},
                )
                if not created:
                    row.save(update_fields=["last_login"])  # auto_now: it has just served.
                elif issuer == asserted.issuer:
                    is_new = True
    except IntegrityError as error:  # Two browsers at once: the other account was faster.
        raise IdentityIsTaken from error
    return is_new


def unlink(identity: SocialAccount) -> None:
    """Remove a linked identity, and the professional identifier that came with it unless another one still states it."""
    identifier = identity.extra_data.get("identifier")
    owner = identity.user_id
    identity.delete()
    remaining = SocialAccount.objects.filter(user_id=owner).exclude(provider=NATIONAL_REGISTER)
    if identifier and not remaining.filter(extra_data__identifier=identifier).exists():
        SocialAccount.objects.filter(user_id=owner, provider=NATIONAL_REGISTER, uid=identifier).delete()


def linked_to(user: User) -> list[SocialAccount]:
    """Return the identities that the security page lists, oldest first."""
    return list(SocialAccount.objects.filter(user=user).exclude(provider=NATIONAL_REGISTER).order_by("date_joined", "pk"))


def name_of(identity: SocialAccount) -> str:
    """Return the name of who vouches for an identity; its issuer if it is no longer configured."""
    if identity.provider == CERTIFICATE:
        return gettext("Certificat ou carte professionnelle")
    return next((known.name for known in settings.VIGIE_OPENID_PROVIDERS if known.issuer == identity.provider), identity.provider)


def _holds_another(user: User, asserted: Asserted) -> bool:
    return SocialAccount.objects.filter(user=user, provider=asserted.issuer).exclude(uid=asserted.subject).exists()
