"""The administrative acts that a person did, and those about her."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from vigie.audit.acts import plain_sentence
from vigie.audit.models import Act
from vigie.foundation import personal_data, scope
from vigie.foundation.personal_data import Row, Section
from vigie.foundation.scope import Scope


def register() -> None:
    columns = {"at": _("Date"), "code": _("Acte"), "sentence": _("Ce qui a été fait"), "role": _("Mon rôle")}
    personal_data.register("acts", Section(_("Actes d’administration que j’ai faits, ou qui me concernent"), columns, _acts))


def _acts(user: Any) -> Iterator[Row]:
    with scope.entered(Scope(user_id=user.pk)):
        acts = list(Act.objects.filter(Q(actor_id=user.pk) | Q(subject_id=user.pk)).order_by("at", "id"))
    for act in acts:
        sentence = plain_sentence(act.code, actor=act.actor_name, object_name=act.object_name, details=act.details)
        yield [act.at, act.code, sentence, str(_("auteur") if act.actor_id == user.pk else _("personne concernée"))]
