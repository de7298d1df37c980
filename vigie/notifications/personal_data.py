"""The mails that a person was sent, by subject and date: their texts are erased once sent. And what she chose to be told."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from vigie.accounts.models import User
from vigie.foundation import personal_data
from vigie.foundation.personal_data import Row, Section
from vigie.notifications.kinds import all_kinds
from vigie.notifications.models import DigestItem, MailChoice, MailFrequency, MailState, Mute, OutgoingMail


def register() -> None:
    personal_data.register("mail_choices", Section(_("Mes choix de courriels"), {"kind": _("Sorte"), "frequency": _("Choix")}, _choices))
    personal_data.register("mutes", Section(_("Ce dont je ne veux plus de courriels"), {"topic": _("Sujet"), "since": _("Depuis")}, _mutes))
    columns = {"subject": _("Objet"), "address": _("Adresse"), "state": _("État"), "created_at": _("Écrit le"), "sent_at": _("Envoyé le")}
    personal_data.register("mails", Section(_("Les courriels que Vigie m’a envoyés, trente jours durant"), columns, _mails))
    personal_data.register("digest", Section(_("Ce qui attend mon prochain résumé"), {"event": _("Événement"), "at": _("Date")}, _waiting))


def _choices(user: User) -> Iterator[Row]:
    known = all_kinds()
    for kind, frequency in MailChoice.objects.filter(user=user).order_by("kind").values_list("kind", "frequency"):
        yield [str(known[kind].label) if kind in known else kind, str(MailFrequency(frequency).label)]


def _mutes(user: User) -> Iterator[Row]:
    yield from Mute.objects.filter(user=user).order_by("created_at").values_list("topic", "created_at")


def _mails(user: User) -> Iterator[Row]:
    sent = OutgoingMail.objects.filter(recipient=user).order_by("created_at")
    for subject, address, state, created_at, sent_at in sent.values_list("subject", "address", "state", "created_at", "sent_at"):
        yield [subject, address, str(MailState(state).label), created_at, sent_at]


def _waiting(user: User) -> Iterator[Row]:
    yield from DigestItem.objects.filter(user=user, sent_at=None).order_by("created_at").values_list("event", "created_at")
