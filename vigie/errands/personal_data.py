"""The long work that a person asked for in the last day."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from vigie.errands.kinds import kind_of
from vigie.errands.models import Errand, ErrandState
from vigie.foundation import personal_data
from vigie.foundation.personal_data import Row, Section


def register() -> None:
    columns = {"title": _("Travail"), "state": _("État"), "created_at": _("Demandé"), "ended_at": _("Terminé le")}
    personal_data.register("errands", Section(_("Mes travaux longs"), columns, _errands))


def _errands(user: Any) -> Iterator[Row]:
    for errand in Errand.objects.filter(owner_id=user.pk).order_by("created_at"):
        yield [str(kind_of(errand.kind).title), str(ErrandState(errand.state).label), errand.created_at, errand.ended_at]
