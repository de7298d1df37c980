"""Writes about accounts."""

from datetime import datetime
from importlib import import_module
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from vigie.accounts import failures, identities, letters
from vigie.accounts.addresses import normal_email
from vigie.accounts.factors import FactorKind, ShownFactor, shown_factors
from vigie.accounts.models import KnownDevice, TrustedNetwork, User
from vigie.accounts.tokens import end_tokens, end_tokens_of_session
from vigie.foundation import live, scope
from vigie.foundation.scope import Scope

_IN_TABLE = frozenset({FactorKind.KEY, FactorKind.APPLICATION, FactorKind.RECOVERY})


def create_account(*, email: str, first_name: str, last_name: str, password: str | None = None, **fields: Any) -> User:
    """Store a person. Without a password she chooses one by the way of a forgotten one."""
    user = User(first_name=first_name, last_name=last_name, **fields)
    user.email = email
    user.clean()
    user.set_password(password)
    user.save()
    return user


def choose_password(user: User, password: str, *, keep_session: str | None = None) -> None:
    """Change the password from a full session; the person's other sessions end."""
    _store_password(user, password, is_from_email=False)
    end_sessions(user, but=keep_session)


def choose_forgotten_password(user: User, password: str) -> None:
    """Change the password of somebody who proved her mailbox and nothing else; all sessions end, none begins.

    From now on an e-mail code adds nothing to her password, until she changes it from a full session or somebody
    vouches for her.
    """
    _store_password(user, password, is_from_email=True)
    end_sessions(user)


def _store_password(user: User, password: str, *, is_from_email: bool) -> None:
    user.set_password(password)
    user.is_password_from_email = is_from_email
    user.save(update_fields=["password", "is_password_from_email"])


def vouch_for(user: User) -> None:
    """An administrator has checked who she is: a code by e-mail is her second factor again (ACC-6)."""
    user.is_password_from_email = False
    user.save(update_fields=["is_password_from_email"])


def unlock(user: User, *, by: str, removing_factors: bool = False) -> int:
    """Let in, at her next try, somebody whose identity an administrator has checked (ACC-6); tell her who did.

    Failed attempts are forgotten, and a code by e-mail counts again. With `removing_factors`, what she has lost opens
    nothing any more and her sessions end. Return how many factors were removed. The scope must be hers.
    """
    vouch_for(user)
    failures.forget(user)
    removed = remove_factors(user) if removing_factors else 0
    letters.post(user, "account/email/unlocked", {"removed_factors": removing_factors, "by": by})
    return removed


def remove_factors(user: User) -> int:
    """Forget her application, keys, recovery codes and linked identities, end her sessions; return how many there were."""
    linked = identities.linked_to(user)
    for identity in linked:
        identities.unlink(identity)
    removed, _by_model = Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    return removed + len(linked)


def remove_factor(user: User, factor_id: int, *, by: str) -> ShownFactor | None:
    """Remove one factor of hers for an administrator, end her sessions and tell her; None if she has no such factor.

    The scope must be hers.
    """
    factor = next((one for one in shown_factors(user) if one.kind in _IN_TABLE and one.id == str(factor_id)), None)
    if factor is None:
        return None
    Authenticator.objects.filter(user=user, pk=factor_id).delete()
    end_sessions(user)
    letters.post(user, "account/email/factor_removed", {"kind": factor.kind.label, "name": factor.name, "by": by})
    return factor


def remove_identity(user: User, identity_id: int, *, by: str) -> ShownFactor | None:
    """Do the same to an identity that somebody else vouches for."""
    shown = next((one for one in shown_factors(user) if one.kind is FactorKind.IDENTITY and one.id == str(identity_id)), None)
    identity = next((one for one in identities.linked_to(user) if one.pk == identity_id), None)
    if shown is None or identity is None:
        return None
    identities.unlink(identity)
    end_sessions(user)
    letters.post(user, "account/email/factor_removed", {"kind": shown.kind.label, "name": shown.name, "by": by})
    return shown


def tell_sessions_ended(user: User, *, by: str, whole: bool) -> None:
    """Write to her that an administrator has closed one of her sessions, or all. The scope must be hers."""
    letters.post(user, "account/email/sessions_ended", {"whole": whole, "by": by})


def deactivate(user: User) -> None:
    """Close an account; nothing its owner wrote is lost (ACC-14). When it opens again, everything begins anew."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_sessions(user)
    forget_devices(user)


def forget_devices(user: User) -> None:
    """Forget the browsers she signed in from: the next sign-in from each of them is told to her by mail."""
    forget_devices_of(user.pk)


def forget_devices_of(user_id: UUID) -> None:
    """Do the same for somebody whose account one may not read."""
    with scope.entered(Scope(user_id=user_id)):
        KnownDevice.objects.filter(user=user_id).delete()


def end_sessions(user: User, *, but: str | None = None) -> int:
    """End her sessions on every device, save the one with this key, and close their live streams; return how many.

    What she had opened in the territory's other applications ends with them: their tokens die.
    When none is kept, sign-ins and changes of password that are under way, in whatever browser, end as well.
    """
    now = timezone.now()
    if but is None:
        user.signed_out_at = now
    return end_sessions_of(user.pk, but=but, at=now)


def end_sessions_of(user_id: UUID, *, but: str | None = None, at: datetime | None = None) -> int:
    """Do the same for somebody whose account one may not read."""
    ended = 0
    for session in UserSession.objects.filter(user_id=user_id).exclude(session_key=but):
        end_session(session)
        ended += 1
    end_tokens(user_id, but=but)
    if but is None:
        with scope.entered(Scope(user_id=user_id)):
            User.objects.filter(pk=user_id).update(signed_out_at=at or timezone.now())
        live.publish_revocation(user_id)
    return ended


def end_session(session: UserSession) -> None:
    """End one session: its cookie opens nothing any more, its live streams close, the tokens it gave die."""
    end_tokens_of_session(session.user_id, session.session_key)
    import_module(settings.SESSION_ENGINE).SessionStore().delete(session.session_key)
    session.delete()
    live.publish_revocation(session.user_id, session_key=session.session_key)


def mark_session_of_network(session_key: str, *, is_one: bool = True) -> None:
    """Note, for the lists of sessions, that this one stands on a range of addresses, or no longer does."""
    UserSession.objects.filter(session_key=session_key).update(data={"by_network": True} if is_one else {})


def note_use_of_network(network: UUID) -> None:
    TrustedNetwork.objects.filter(pk=network).update(last_used_at=timezone.now())


def rename_network(user: User, network: UUID, name: str) -> bool:
    """Give a range of hers another name; all else about it is the operator's. Return False if it is not hers."""
    return bool(TrustedNetwork.objects.filter(user=user, pk=network).update(name=name))


def rename_factor(factor: Authenticator, name: str) -> None:
    """Name an application or a sheet of codes; keys are named by allauth, in the same place."""
    factor.data["name"] = name
    factor.save(update_fields=["data"])


def delete_ended_sessions() -> int:
    """Remove the rows of sessions that count as ended, from the sessions and from their owners' lists; return how many."""
    ended, _by_model = Session.objects.filter(expire_date__lt=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return ended


def remember_device(user: User, fingerprint: str) -> bool:
    """Note that she signs in from this browser; return whether she had done so before."""
    device, is_new = KnownDevice.objects.get_or_create(user=user, fingerprint=fingerprint)
    if not is_new:
        device.save(update_fields=["last_seen_at"])
    return not is_new


def reactivate(user: User) -> None:
    """Open an account again; sessions and known browsers of before do not come back. The scope must be hers."""
    user.is_active = True
    user.save(update_fields=["is_active"])


def change_email(user: User, address: str) -> None:
    """Give an account another address, which signs in from now on, and write to both. The scope must be hers.

    Whatever the former mailbox proved is over: sessions end, known browsers are forgotten, codes under way are refused
    (`forms`). Raises IntegrityError when another account has this address.
    """
    former = user.email
    user.email = normal_email(address)
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).delete()
    end_sessions(user)
    forget_devices(user)
    letters.post(user, "account/email/email_left", {}, address=former)
    letters.post(user, "account/email/email_given", {})
