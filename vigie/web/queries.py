"""What the help page shows: whom to ask, how, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _

from vigie.directory.actors import Actor
from vigie.directory.models import Desk
from vigie.incidents.queries import filing_sites
from vigie.ui import dates


@dataclass(frozen=True, slots=True)
class DeskContact:
    """How to reach one desk."""

    name: str
    phone: str
    email: str
    always_open: bool
    hours: Sequence[str]
    """« du lundi au vendredi : 8 h – 18 h », a line for each run of days alike."""


def desks_for(actor: Actor) -> list[DeskContact]:
    """Return the desks that answer for what her sites use, and those she works for."""
    served = {solution[2] for site in filing_sites(actor) for solution in site.solutions}
    return [
        DeskContact(desk.name, desk.phone, desk.email, desk.always_open, hours_in_words(desk.opening))
        for desk in Desk.objects.filter(id__in=served | actor.desk_ids).order_by("name")
    ]


def hours_in_words(opening: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    """Say opening hours as people do; days without hours are left out."""
    lines = []
    for hours, run in groupby(range(7), key=lambda day: tuple(tuple(hours) for hours in opening.get(str(day), ()))):
        days = list(run)
        if not hours:
            continue
        times = ", ".join(f"{dates.clock_of(start)} – {dates.clock_of(end)}" for start, end in hours)
        first, last = dates.weekday(days[0]), dates.weekday(days[-1])
        if len(days) == 1:
            lines.append(_("%(day)s : %(hours)s") % {"day": first, "hours": times})
        else:
            lines.append(_("du %(first)s au %(last)s : %(hours)s") % {"first": first, "last": last, "hours": times})
    return lines
